//! What becomes of the properties of a PROPPATCH or an extended MKCOL: RFC 4918 section 9.2.

use http::StatusCode;

use super::error::Problem;
use super::prop::{Kind, Prop};
use super::request::Instruction;
use super::xml::Name;
use crate::domain::{DisplayName, Role};
use crate::edge::Compat;

/// A change that the service can be asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// Another display name for a group.
    Rename(DisplayName),
    /// Another role for a member.
    SetRole(Role),
}

/// What one instruction comes to before anything is done.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Step {
    /// Ask for this change.
    Do(Change),
    /// There is nothing to remove.
    Nothing,
    /// The property cannot be changed.
    Protected,
    /// The value is none of those allowed.
    BadValue,
}

/// The instructions of one request, judged.
#[derive(Debug)]
pub struct Plan {
    steps: Vec<(Name, Step)>,
}

impl Plan {
    /// Judges `instructions` for a resource of `kind`.
    ///
    /// # Errors
    /// [`Problem`] for a value with elements in it (400) or a display name that is none (422): these
    /// fail the whole request, before rights are looked at, as clients of ownCloud expect.
    pub fn new(instructions: &[Instruction], kind: Kind, compat: Compat) -> Result<Self, Problem> {
        let judge =
            |instruction: &Instruction| Ok((instruction.name.clone(), step(instruction, kind, compat)?));
        Ok(Self { steps: instructions.iter().map(judge).collect::<Result<_, Problem>>()? })
    }

    /// What is refused already, with the status of each property; none if all can be tried.
    pub fn refusal(&self) -> Option<Vec<(Name, StatusCode)>> {
        for (step, status) in
            [(Step::Protected, StatusCode::FORBIDDEN), (Step::BadValue, StatusCode::BAD_REQUEST)]
        {
            if self.steps.iter().any(|(_, own)| *own == step) {
                return Some(self.outcome(status, |own| *own == step));
            }
        }
        None
    }

    /// The change to ask for. A resource has one property that can be written; where a request sets it
    /// several times, the last one counts (RFC 4918 section 9.2: in document order).
    pub fn change(&self) -> Option<Change> {
        self.steps.iter().rev().find_map(|(_, step)| match step {
            Step::Do(change) => Some(change.clone()),
            _ => None,
        })
    }

    /// The statuses when the change failed with `status`.
    pub fn failed(&self, status: StatusCode) -> Vec<(Name, StatusCode)> {
        self.outcome(status, |step| matches!(step, Step::Do(_)))
    }

    /// The statuses when everything was done.
    pub fn done(&self) -> Vec<(Name, StatusCode)> {
        let status = |step: &Step| match step {
            Step::Nothing => StatusCode::NO_CONTENT,
            _ => StatusCode::OK,
        };
        self.steps.iter().map(|(name, step)| (name.clone(), status(step))).collect()
    }

    /// `status` for the properties at fault, 424 for every other one.
    fn outcome(&self, status: StatusCode, at_fault: impl Fn(&Step) -> bool) -> Vec<(Name, StatusCode)> {
        let own = |step: &Step| if at_fault(step) { status } else { StatusCode::FAILED_DEPENDENCY };
        self.steps.iter().map(|(name, step)| (name.clone(), own(step))).collect()
    }
}

fn step(instruction: &Instruction, kind: Kind, compat: Compat) -> Result<Step, Problem> {
    let prop = Prop::named(&instruction.name);
    match prop.filter(|prop| prop.is_writable_on(kind)) {
        Some(Prop::DisplayName) => {
            let name = instruction.text()?.unwrap_or_default();
            let name = DisplayName::new(name).map_err(|error| Problem::of(&error, compat))?;
            Ok(Step::Do(Change::Rename(name)))
        }
        Some(_) => {
            let role = instruction.text()?.and_then(Role::from_word);
            Ok(role.map_or(Step::BadValue, |role| Step::Do(Change::SetRole(role))))
        }
        None if instruction.value.is_none() && !prop.is_some_and(|prop| prop.exists_on(kind)) => {
            Ok(Step::Nothing)
        }
        None => Ok(Step::Protected),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dav::request::property_update;
    use crate::dav::xml::Limits;

    fn plan(inside: &str, kind: Kind) -> Result<Plan, Problem> {
        let body = format!(
            r#"<d:propertyupdate xmlns:d="DAV:" xmlns:oc="http://owncloud.org/ns">{inside}</d:propertyupdate>"#
        );
        let update = property_update(body.as_bytes(), Limits::default()).expect(inside);
        Plan::new(&update.instructions, kind, Compat::Owncloud)
    }

    fn statuses(outcome: &[(Name, StatusCode)]) -> Vec<u16> {
        outcome.iter().map(|(_, status)| status.as_u16()).collect()
    }

    const NAME: &str = "<d:set><d:prop><oc:display-name>Team</oc:display-name></d:prop></d:set>";

    #[test]
    fn one_protected_property_fails_all() {
        let both = format!("{NAME}<d:set><d:prop><oc:user-id>x</oc:user-id><d:x>y</d:x></d:prop></d:set>");
        let plan = plan(&both, Kind::Group).expect("judged");
        assert_eq!(statuses(&plan.refusal().expect("refused")), [424, 403, 403]);
    }

    #[test]
    fn a_failed_change_fails_the_rest() {
        let both = format!("{NAME}<d:remove><d:prop><oc:unknown/></d:prop></d:remove>");
        let plan = plan(&both, Kind::Group).expect("judged");
        assert_eq!(plan.refusal(), None);
        assert_eq!(statuses(&plan.failed(StatusCode::CONFLICT)), [409, 424]);
        assert_eq!(statuses(&plan.done()), [200, 204]);
    }

    #[test]
    fn roles_are_judged_per_property_and_names_for_the_whole() {
        let role = |value: &str| format!("<d:set><d:prop><oc:role>{value}</oc:role></d:prop></d:set>");
        let bad = plan(&role("boss"), Kind::Membership).expect("judged");
        assert_eq!(statuses(&bad.refusal().expect("refused")), [400]);
        let good = plan(&role("admin"), Kind::Membership).expect("judged");
        assert_eq!(good.change(), Some(Change::SetRole(Role::Admin)));
        let removed =
            plan("<d:remove><d:prop><oc:role/></d:prop></d:remove>", Kind::Membership).expect("judged");
        assert_eq!(statuses(&removed.refusal().expect("refused")), [400]);
        let removed = plan("<d:remove><d:prop><oc:display-name/></d:prop></d:remove>", Kind::Group);
        assert_eq!(removed.expect_err("no name").status, 422);
        let elements = plan(&role("<d:x/>"), Kind::Membership);
        assert_eq!(elements.expect_err("not text").status, 400);
        // A role of a group is not written, and nor is a property that lives elsewhere.
        assert!(plan(&role("admin"), Kind::Group).expect("judged").refusal().is_some());
    }

    #[test]
    fn the_last_of_several_counts() {
        let twice = format!("<d:set><d:prop><oc:display-name>One</oc:display-name></d:prop></d:set>{NAME}");
        let plan = plan(&twice, Kind::Group).expect("judged");
        assert_eq!(plan.change(), Some(Change::Rename(DisplayName::new("Team").expect("name"))));
    }
}
