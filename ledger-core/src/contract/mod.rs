//! The contract suite: what every store must do, written once.
//!
//! A backend runs it in its own tests, with an expression that makes a fresh, empty store:
//!
//! ```
//! use ledger_core::{MemoryStore, contract_tests};
//! use std::sync::Arc;
//!
//! mod memory {
//!     # use ledger_core::{MemoryStore, contract_tests};
//!     # use std::sync::Arc;
//!     contract_tests!(Arc::new(MemoryStore::new()));
//! }
//! ```

// A suite fails by panicking.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
#![allow(missing_docs, clippy::missing_panics_doc, clippy::needless_pass_by_value)]

pub mod batches;
pub mod dates;
pub mod find;
pub mod holds;
pub mod keys;
pub mod limits;
pub mod money;
pub mod raw;
pub mod reads;
pub mod registration;
pub mod reversals;
mod shop;
pub mod threads;
pub mod windows;

macro_rules! cases {
    ($d:tt $($module:ident: $($case:ident),+;)*) => {
        /// Makes a test of each case, for the store that the expression makes.
        #[macro_export]
        macro_rules! contract_tests {
            ($d fresh:expr) => {
                $(mod $module {
                    #[allow(unused_imports, reason = "what the expression needs")]
                    use super::*;
                    $(#[test]
                    fn $case() {
                        $crate::contract::$module::$case($d fresh);
                    })+
                })*
            };
        }
    };
}

cases! { $
    registration:
        an_asset_is_defined_once,
        a_wallet_is_opened_once,
        only_given_options_are_compared,
        iso_currencies_need_no_definition,
        unknown_assets_have_no_wallets,
        many_wallets_open_in_one_call,
        wallets_are_listed_by_name_in_pages;
    money:
        deposits_and_withdrawals_are_postings_with_the_world,
        a_transfer_moves_money_and_versions,
        a_wallet_stops_at_its_floor,
        a_credit_line_is_a_floor_below_zero,
        a_wallet_stops_at_its_ceiling,
        balances_stop_at_both_ends_of_128_bits,
        postings_are_carried_out_in_order_all_or_none,
        a_frozen_wallet_moves_nothing_until_unfrozen,
        a_closed_wallet_stays_closed,
        the_world_can_be_frozen_but_not_closed,
        metadata_and_actor_are_kept,
        preconditions_that_fail_tell_what_there_is,
        a_trade_exchanges_both_assets_or_none,
        a_split_payment_adds_up;
    holds:
        a_hold_reserves_and_a_capture_moves,
        a_hold_is_captured_in_parts_and_the_rest_given_back,
        more_than_was_held_is_captured_within_the_tolerance,
        a_released_hold_is_free_again,
        a_hold_ends_once,
        a_hold_expires_at_its_very_millisecond,
        a_clock_that_steps_back_revives_no_hold,
        an_extended_hold_lasts,
        bad_holds_are_refused,
        frozen_wallets_neither_hold_nor_capture,
        a_wallet_with_a_live_hold_is_not_closed,
        a_batch_that_fails_leaves_holds_as_they_were,
        holds_are_listed_by_wallet_state_and_deadline,
        tidying_changes_no_answer,
        holds_of_many_threads_never_reserve_too_much;
    keys:
        a_retry_gets_the_first_answer,
        a_retry_gets_the_first_no,
        another_request_is_a_conflict,
        noes_that_depend_on_nothing_leave_the_key_unused,
        preconditions_and_actor_are_no_part_of_a_request,
        a_key_serves_one_verb_only,
        answers_are_found_by_key_and_by_id,
        keys_are_forgotten_when_their_time_is_up;
    limits:
        a_credit_line_is_given_and_taken_away,
        a_ceiling_is_changed,
        no_more_than_the_largest_amount_leaves_at_once,
        bad_limits_are_refused;
    windows:
        what_moved_frees_up_when_its_time_has_passed,
        movements_are_counted_in_each_direction,
        what_is_reserved_counts_as_if_it_had_moved,
        a_request_is_counted_with_all_its_postings,
        reversals_are_no_matter_of_windows_and_captures_only_of_those_they_enter,
        what_is_captured_beyond_a_hold_is_limited_as_what_is_paid,
        a_window_says_when_it_has_room_however_much_has_moved,
        a_changed_limit_goes_on_counting,
        bad_windows_are_refused;
    dates:
        balances_are_told_as_of_either_time,
        what_moves_money_can_be_backdated_and_the_rest_not,
        floors_are_about_the_present_only,
        the_time_is_a_part_of_the_request,
        a_locked_period_takes_nothing_more,
        a_batch_that_fails_locks_nothing;
    find:
        transactions_are_found_by_reference_and_by_what_is_indexed,
        what_is_not_indexed_is_not_looked_for,
        what_is_found_comes_in_pages,
        what_was_refused_or_moved_nothing_is_told_apart;
    batches:
        each_on_its_own_answers_in_order,
        the_same_key_twice_in_a_call_is_carried_out_once,
        all_or_nothing_carries_out_all,
        all_or_nothing_leaves_nothing_behind,
        a_retried_batch_gets_the_first_answer,
        a_part_of_a_batch_is_another_request;
    reads:
        history_is_read_both_ways,
        history_is_filtered_by_time_and_kind,
        a_rare_kind_is_found_over_many_pages,
        the_way_back_from_an_empty_page_skips_nothing,
        the_balance_at_a_time_is_what_was_posted_by_then,
        several_balances_are_of_one_moment,
        families_are_added_up_asset_by_asset;
    reversals:
        a_reversal_moves_everything_back_and_links_both_ways,
        parts_never_add_up_to_more_than_the_original,
        several_postings_are_moved_back_from_the_last,
        what_can_not_be_reversed_is_refused,
        deposits_and_captures_are_reversed_as_well,
        a_batch_that_fails_reverses_nothing,
        many_threads_reverse_no_more_than_there_was;
    raw:
        a_dropped_group_leaves_nothing,
        one_lane_has_one_open_group,
        lanes_commit_in_the_order_of_their_stamps,
        records_out_of_order_are_refused,
        the_journal_rebuilds_everything,
        stamps_increase_over_groups_and_clocks,
        a_group_loads_what_it_wants_and_nothing_else,
        records_are_found_where_they_belong;
    threads:
        money_is_conserved_in_every_direction,
        one_key_at_once_is_carried_out_once,
        one_key_for_different_wallets_is_answered_once,
        one_name_at_once_is_one_wallet,
        two_ledgers_on_one_store_are_one,
        snapshots_always_add_up;
}
