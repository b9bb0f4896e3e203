//! Who asked for a change, from where and why: the audit trail's part of a request.

use serde::{Deserialize, Serialize};

use crate::base::bounds::ACTOR_BYTES_MAX;
use crate::base::invalid::{Field, Invalid};
use crate::base::text::check_plain;
use crate::input::text_type;

text_type! {
    /// One part of an [`Actor`]: 1 to 255 bytes without control characters.
    ActorText, check_plain, Field::Actor, "actor", ACTOR_BYTES_MAX
}

/// Who asked, and if known from where and why. It describes the call, not the request: a retry by
/// someone else is still the same request.
///
/// ```
/// use ledger_core::Actor;
/// let actor = Actor::new("support:eve")?.origin("203.0.113.9")?.reason("chargeback")?;
/// assert_eq!(actor.who.as_str(), "support:eve");
/// # Ok::<(), ledger_core::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Actor {
    /// The person or service.
    pub who: ActorText,
    /// The address or place.
    pub origin: Option<ActorText>,
    /// The reason.
    pub reason: Option<ActorText>,
}

impl Actor {
    /// Someone, from nowhere known, for no reason given.
    pub fn new(who: impl AsRef<str>) -> Result<Self, Invalid> {
        Ok(Self { who: ActorText::new(who)?, origin: None, reason: None })
    }

    /// The same actor, from there.
    pub fn origin(self, origin: impl AsRef<str>) -> Result<Self, Invalid> {
        Ok(Self { origin: Some(ActorText::new(origin)?), ..self })
    }

    /// The same actor, for that reason.
    pub fn reason(self, reason: impl AsRef<str>) -> Result<Self, Invalid> {
        Ok(Self { reason: Some(ActorText::new(reason)?), ..self })
    }
}
