//! Rules of the house that a program can check.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

const LINES_MAX: usize = 600;

/// Each crate's layers from the ground up. Each may use those before it.
const LAYERS: &[(&str, &[&str])] = &[
    (
        "ledger-core",
        &[
            "base", "money", "input", "model", "rules", "store", "memory", "error", "stats",
            "write", "read", "ledger", "contract",
        ],
    ),
    (
        "ledger-sqlite",
        &[
            "base", "options", "file", "chain", "schema", "journal", "keys", "state", "audit",
            "store", "ledger",
        ],
    ),
    ("ledger-py", &["base", "out", "call", "take", "verbs", "arrow"]),
    (
        "examples/cli",
        &[
            "record", "failure", "input", "output", "book", "progress", "request", "commands",
            "args",
        ],
    ),
    ("examples/reports", &["error", "names", "snapshot", "export", "statement"]),
];

/// The sources of a crate.
fn source(name: &str) -> PathBuf {
    root().join(name).join("src")
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

/// All files of the project with that ending.
fn files(ending: &str) -> Vec<PathBuf> {
    fn walk(folder: &Path, ending: &str, found: &mut Vec<PathBuf>) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            if path.is_dir() && !name.starts_with('.') && name != "target" {
                walk(&path, ending, found);
            } else if name.ends_with(ending) {
                found.push(path);
            }
        }
    }
    let mut found = Vec::new();
    walk(&root(), ending, &mut found);
    assert!(!found.is_empty(), "no files end with {ending}");
    found
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap()
}

#[test]
fn files_are_short_enough_to_read() {
    for path in files(".rs").into_iter().chain(files(".py")) {
        let text = read(&path);
        assert!(text.lines().count() <= LINES_MAX, "{} is over {LINES_MAX} lines", path.display());
    }
}

#[test]
fn text_is_clean() {
    for ending in [".rs", ".md", ".toml", ".py"] {
        for path in files(ending) {
            let text = read(&path);
            let place = path.display();
            assert!(
                text.ends_with('\n') && !text.ends_with("\n\n"),
                "{place}: one newline at the end"
            );
            for (number, line) in (1..).zip(text.lines()) {
                assert!(!line.contains('\t'), "{place}:{number}: tab");
                assert_eq!(line.trim_end(), line, "{place}:{number}: white space at the end");
            }
        }
    }
}

#[test]
fn every_file_says_what_it_is() {
    for path in files(".rs") {
        let text = read(&path);
        assert!(text.starts_with("//! "), "{} begins without //!", path.display());
    }
}

#[test]
fn imports_point_downward() {
    for (name, layers) in LAYERS {
        for (height, layer) in layers.iter().enumerate() {
            let (folder, file) =
                (source(name).join(layer), source(name).join(format!("{layer}.rs")));
            let in_layer = |path: &PathBuf| path.starts_with(&folder) || *path == file;
            for path in files(".rs").into_iter().filter(in_layer) {
                let code = read(&path);
                for line in code.lines().filter(|line| !line.trim_start().starts_with("//")) {
                    for upper in layers.iter().skip(height + 1) {
                        let import = format!("crate::{upper}::");
                        assert!(!line.contains(&import), "{}: {line}", path.display());
                    }
                }
            }
        }
    }
}

/// The modules of a crate by their path, each with the file that it is in.
fn modules(name: &str) -> BTreeMap<String, PathBuf> {
    let folder = source(name);
    let inside = files(".rs").into_iter().filter(|path| path.starts_with(&folder));
    let named = inside.map(|path| {
        let name = path.strip_prefix(&folder).unwrap().with_extension("");
        let name = name.to_string_lossy().replace('/', "::");
        (name.strip_suffix("::mod").unwrap_or(&name).to_owned(), path)
    });
    named.collect()
}

/// What of `modules` a file imports, its tests aside. A folder may use what is in it, and that may use the folder.
fn imports(module: &str, path: &Path, modules: &BTreeMap<String, PathBuf>) -> BTreeSet<String> {
    let code = read(path);
    let code = code.split("#[cfg(test)]").next().unwrap();
    let statements = code.split("crate::").skip(1).map(|rest| {
        let end = rest.find(|c: char| !(c.is_alphanumeric() || c == '_' || c == ':'));
        let (base, rest) = rest.split_at(end.unwrap_or(rest.len()));
        let list = rest.strip_prefix('{').and_then(|rest| rest.split_once('}'));
        let list = list.map_or("", |(list, _)| list).split(',');
        list.map(|name| format!("{base}{}", name.trim())).collect::<Vec<_>>()
    });
    let found = statements.flatten().filter_map(|import| {
        let mut at = import.trim_end_matches(':');
        while !modules.contains_key(at) {
            at = at.rsplit_once("::")?.0;
        }
        Some(at.to_owned())
    });
    let is_kin = |one: &str, other: &str| one.starts_with(&format!("{other}::"));
    found.filter(|it| it != module && !is_kin(it, module) && !is_kin(module, it)).collect()
}

#[test]
fn no_two_files_need_each_other() {
    for (name, _) in LAYERS {
        let modules = modules(name);
        let mut left: BTreeMap<&String, BTreeSet<String>> =
            modules.iter().map(|(it, path)| (it, imports(it, path, &modules))).collect();
        assert!(left.values().any(|imports| imports.len() > 2), "{name}: {left:?}");
        // Who needs nobody that is left goes, until nobody goes.
        while let Some(free) = left.iter().find(|(_, needs)| needs.is_empty()).map(|(it, _)| *it) {
            left.remove(free);
            for needs in left.values_mut() {
                needs.remove(free);
            }
        }
        assert!(left.is_empty(), "{name}: {left:#?}");
    }
}

#[test]
fn nothing_inside_imports_from_the_top() {
    let inside = |path: &PathBuf| {
        let in_a_crate = LAYERS.iter().any(|(name, _)| path.starts_with(source(name)));
        in_a_crate && !path.starts_with(source("ledger-core").join("contract"))
    };
    for path in files(".rs").into_iter().filter(inside) {
        for line in read(&path).lines().filter(|line| !line.trim_start().starts_with("//")) {
            let from_top = line.split("crate::").nth(1).and_then(|rest| rest.chars().next());
            let is_module = from_top.is_none_or(char::is_lowercase);
            assert!(is_module, "{}: {line}", path.display());
        }
    }
}

#[test]
fn functions_are_short() {
    let mut lengths = Vec::new();
    let in_a_crate = |path: &PathBuf| LAYERS.iter().any(|(name, _)| path.starts_with(source(name)));
    for path in files(".rs").into_iter().filter(in_a_crate) {
        let text = read(&path);
        let lines: Vec<&str> = text.lines().collect();
        for (start, line) in lines.iter().enumerate() {
            let code = line.trim_start();
            let is_function = [
                "fn ",
                "const fn ",
                "pub fn ",
                "pub const fn ",
                "pub(crate) fn ",
                "pub(crate) const fn ",
                "pub(super) fn ",
            ]
            .iter()
            .any(|begin| code.starts_with(begin));
            // A signature ends where the body begins, or at once where there is none.
            let ends = |line: &&&str| line.ends_with(['{', ';', '}']);
            let has_body =
                lines[start..].iter().find(ends).is_some_and(|line| !line.ends_with(';'));
            if is_function && has_body && !code.starts_with("fn $") {
                // Formatted code closes a function where it began.
                let end = format!("{}}}", &line[..line.len() - code.len()]);
                let one_line = line.ends_with('}');
                let length = lines[start..].iter().position(|line| **line == end);
                let length = if one_line { Some(0) } else { length };
                lengths.push(length.unwrap_or_else(|| panic!("no end: {line}")) + 1);
            }
        }
    }
    lengths.sort_unstable();
    assert!(lengths.len() > 200, "{}", lengths.len());
    assert!(lengths[lengths.len() / 2] <= 10, "median {}", lengths[lengths.len() / 2]);
    assert!(lengths[lengths.len() - 1] <= 70, "longest {}", lengths[lengths.len() - 1]);
}

#[test]
fn every_folder_is_a_layer() {
    for (name, layers) in LAYERS {
        for entry in fs::read_dir(source(name)).unwrap() {
            let path = entry.unwrap().path();
            let part = path.file_stem().unwrap().to_string_lossy().into_owned();
            let is_known = ["lib", "main"].contains(&&*part) || layers.contains(&&*part);
            assert!(is_known, "{part} is no layer");
        }
        let list = format!("`{}`", layers.join("`, `"));
        let top = ["lib.rs", "main.rs"].map(|top| source(name).join(top));
        let top = top.into_iter().find(|top| top.exists()).unwrap();
        for place in [top, root().join("docs/design.md")] {
            let text = read(&place).replace("\n//! ", " ").replace('\n', " ");
            assert!(text.contains(&list), "{} wants the layers: {list}", place.display());
        }
    }
}

#[test]
fn the_table_of_limits_is_the_code_s() {
    let docs = read(&root().join("docs/limits.md"));
    for bound in ledger_core::bounds::TABLE {
        let row = format!("| `{}` | {} | {} |", bound.name, bound.value, bound.unit);
        assert_eq!(docs.matches(&row).count(), 1, "docs/limits.md wants one row: {row}");
    }
    let rows = docs.lines().filter(|line| line.starts_with("| `")).count();
    assert_eq!(rows, ledger_core::bounds::TABLE.len(), "and no others");
    let constants = read(&root().join("ledger-core/src/base/bounds.rs"));
    let declared = constants.lines().filter(|line| line.starts_with("pub const ")).count();
    assert_eq!(declared, ledger_core::bounds::TABLE.len() + 1, "a limit is missing in the table");
}

/// The anchors that headings of a document give.
fn anchors(document: &str) -> Vec<String> {
    let heading = |line: &str| {
        line.starts_with('#').then(|| line.trim_start_matches('#').trim().to_lowercase())
    };
    let anchor = |heading: String| {
        let kept = heading.chars().filter(|it| it.is_alphanumeric() || " -_".contains(*it));
        kept.map(|it| if it == ' ' { '-' } else { it }).collect()
    };
    document.lines().filter_map(heading).map(anchor).collect()
}

#[test]
fn links_in_documents_lead_somewhere() {
    for path in files(".md") {
        let text = read(&path);
        for link in text.split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
            let (file, anchor) = link.split_once('#').unwrap_or((link, ""));
            if file.contains("://") {
                continue;
            }
            let place = format!("{}: {link}", path.display());
            let target =
                if file.is_empty() { path.clone() } else { path.parent().unwrap().join(file) };
            assert!(target.exists(), "{place}");
            assert!(
                anchor.is_empty() || anchors(&read(&target)).contains(&anchor.to_owned()),
                "{place}"
            );
        }
    }
}

/// A block of code in a document: its language, the line before it, and its text.
struct Block {
    language: String,
    before: String,
    text: String,
}

fn blocks(document: &str) -> Vec<Block> {
    let mut found: Vec<Block> = Vec::new();
    let (mut before, mut open) = ("", None);
    for line in document.lines() {
        let is_indented = line.starts_with(' ') && line.trim_start().starts_with("```");
        assert!(
            !is_indented && !line.starts_with("~~~"),
            "begin a block of code like others: {line}"
        );
        match (line.strip_prefix("```"), &mut open) {
            (Some(language), None) => {
                let language = language.split([',', ' ']).next().unwrap().to_owned();
                open = Some(Block { language, before: before.to_owned(), text: String::new() });
            }
            (Some(_), Some(_)) => found.extend(open.take()),
            (None, Some(block)) => block.text.extend([line, "\n"]),
            (None, None) => before = line,
        }
    }
    assert!(open.is_none(), "a block of code has no end");
    found
}

/// What documents show as programs, and where each says that it is from.
fn programs(document: &Path) -> Vec<(String, String)> {
    let languages = ["rust", "rs", "python", "python3", "py", "pycon"];
    let is_program = |it: &Block| languages.contains(&it.language.to_lowercase().as_str());
    let from = |it: Block| {
        let path = it.before.strip_prefix("<!-- ").and_then(|it| it.strip_suffix(" -->"));
        let place = document.display();
        let path = path.unwrap_or_else(|| panic!("{place}: say where this is from:\n{}", it.text));
        (path.to_owned(), it.text)
    };
    blocks(&read(document)).into_iter().filter(is_program).map(from).collect()
}

#[test]
fn programs_in_documents_are_files_that_run() {
    // Its examples are run where they stand.
    let documents = files(".md").into_iter().filter(|it| !it.ends_with("ledger-py/README.md"));
    let mut shown = Vec::new();
    for (path, text) in documents.flat_map(|it| programs(&it)) {
        assert!(path.starts_with("examples/recipes/"), "{path} is not run by a test");
        assert!(text.lines().count() > 2, "{path}: show more of it");
        let program = read(&root().join(&path));
        let is_whole = program.ends_with(&text) && program.contains(&format!("\n{text}"));
        assert!(is_whole, "{path} has changed; show it as it is now, not:\n{text}");
        shown.push(root().join(path));
    }
    let recipes = files(".rs").into_iter().chain(files(".py")).filter(|path| {
        let folder = path.parent().unwrap();
        let in_folder =
            ["src/bin", "python"].iter().any(|it| folder.ends_with(format!("recipes/{it}")));
        in_folder && !path.file_name().unwrap().to_string_lossy().starts_with("test_")
    });
    for recipe in recipes {
        assert!(shown.contains(&recipe), "no document shows {}", recipe.display());
    }
}

#[test]
fn dependencies_in_documents_are_there() {
    let mut count = 0;
    for block in blocks(&read(&root().join("README.md"))).iter().filter(|it| it.language == "toml")
    {
        for line in block.text.lines().filter(|line| line.contains("path = ")) {
            let (name, rest) = line.split_once(" = ").unwrap();
            let path = rest.split('"').nth(1).unwrap().strip_prefix("../ledger/").unwrap();
            let manifest = read(&root().join(path).join("Cargo.toml"));
            assert!(manifest.contains(&format!("name = \"{name}\"")), "{line}");
            count += 1;
        }
    }
    assert_eq!(count, 2);
}

#[test]
fn the_readme_is_short() {
    assert!(read(&root().join("README.md")).lines().count() <= 160);
}

#[test]
fn no_registry_is_named() {
    let hosts = [
        ["crates", "io"],
        ["docs", "rs"],
        ["pypi", "org"],
        ["pythonhosted", "org"],
        ["npmjs", "com"],
    ];
    for path in [".rs", ".md", ".toml", ".py", ".txt"].into_iter().flat_map(files) {
        let text = read(&path);
        for host in hosts.map(|parts| parts.join(".")) {
            assert!(!text.contains(&host), "{} names {host}", path.display());
        }
    }
}
