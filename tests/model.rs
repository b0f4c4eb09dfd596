//! The rules of custom groups, once more and as plainly as can be, held against the service: whatever
//! anybody does in whatever order, the two give the same answers and end in the same state. When many do
//! things at once, there is an order of one after the other that explains what everybody was told.

#![allow(clippy::expect_used, reason = "helpers of tests fail as tests do")]

use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock};

use davgroups::domain::{
    DisplayName, Error, GroupId, NewUser, Origin, PasswordHash, Place, Principal, Quota, Result, Role, Rules,
    Search, UserId, UserName,
};
use davgroups::service::{Passwords, Service};
use davgroups::store::SharedStore;
use davgroups::store::sqlite::SqliteStore;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use tokio::runtime::Runtime;

/// The first is the administrator, the last exists for nobody.
const USERS: [&str; 6] = ["admin", "alice", "bob", "carol", "dave", "nobody"];
const URIS: [&str; 3] = ["red", "green", "blue"];
const NAMES: [&str; 4] = ["red", "Green", "Others", "OTHERS"];

type Name = &'static str;

#[derive(Clone, Debug)]
enum Action {
    Create(Name),
    Rename(Name, Name),
    Delete(Name),
    Add(Name, Name),
    Remove(Name, Name),
    SetRole(Name, Name, Role),
    DeleteUser(Name),
}

/// What somebody is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Answer {
    Done,
    Missing,
    Forbidden,
    Taken,
    LastAdmin,
}

/// A group: its display name, and its members in the order of joining.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Group {
    name: Name,
    members: Vec<(Name, Role)>,
}

/// Everything, as the rules see it.
#[derive(Clone, Debug)]
struct Model {
    users: Vec<Name>,
    groups: BTreeMap<Name, Group>,
}

impl Group {
    fn role(&self, user: Name) -> Option<Role> {
        self.members.iter().find(|(member, _)| *member == user).map(|(_, role)| *role)
    }

    fn admins(&self) -> usize {
        self.members.iter().filter(|(_, role)| *role == Role::Admin).count()
    }

    fn is_last_admin(&self, user: Name) -> bool {
        self.role(user) == Some(Role::Admin) && self.admins() == 1
    }
}

impl Model {
    fn new() -> Self {
        Self { users: USERS[..5].to_vec(), groups: BTreeMap::new() }
    }

    /// Does what `who` asks for, if the rules allow it.
    fn act(&mut self, who: Name, action: &Action) -> Answer {
        if !self.users.contains(&who) {
            return Answer::Forbidden;
        }
        match *action {
            Action::Create(uri) => self.create(who, uri),
            Action::DeleteUser(user) => self.delete_user(who, user),
            Action::Rename(uri, _)
            | Action::Delete(uri)
            | Action::Add(uri, _)
            | Action::Remove(uri, _)
            | Action::SetRole(uri, ..) => self.change(who, uri, action),
        }
    }

    fn create(&mut self, who: Name, uri: Name) -> Answer {
        if self.groups.contains_key(uri) || self.is_name_taken(uri, None) {
            return Answer::Taken;
        }
        self.groups.insert(uri, Group { name: uri, members: vec![(who, Role::Admin)] });
        Answer::Done
    }

    fn delete_user(&mut self, who: Name, user: Name) -> Answer {
        match (who, user) {
            ("admin", user) if !self.users.contains(&user) => return Answer::Missing,
            ("admin", user) if user != "admin" => self.users.retain(|other| *other != user),
            _ => return Answer::Forbidden,
        }
        for group in self.groups.values_mut() {
            group.members.retain(|(member, _)| *member != user);
            if let (0, Some(longest)) = (group.admins(), group.members.first_mut()) {
                longest.1 = Role::Admin;
            }
        }
        self.groups.retain(|_, group| !group.members.is_empty());
        Answer::Done
    }

    /// What is done to a group: strangers are refused before anything else, then what is not there is
    /// missing, then members may only leave.
    fn change(&mut self, who: Name, uri: Name, action: &Action) -> Answer {
        let Some(group) = self.groups.get(uri) else { return Answer::Missing };
        let may_manage = who == "admin" || group.role(who) == Some(Role::Admin);
        if !may_manage && group.role(who).is_none() {
            return Answer::Forbidden;
        }
        match *action {
            Action::Add(_, user) if group.role(user).is_some() => return Answer::Taken,
            Action::Remove(_, user) | Action::SetRole(_, user, _) if group.role(user).is_none() => {
                return Answer::Missing;
            }
            Action::Remove(_, user) if user == who => {}
            _ if !may_manage => return Answer::Forbidden,
            _ => {}
        }
        self.manage(uri, action)
    }

    fn manage(&mut self, uri: Name, action: &Action) -> Answer {
        if let Action::Rename(_, name) = *action
            && self.is_name_taken(name, Some(uri))
        {
            return Answer::Taken;
        }
        let Some(group) = self.groups.get_mut(uri) else { return Answer::Missing };
        match *action {
            Action::Add(_, user) if !self.users.contains(&user) => return Answer::Missing,
            Action::Remove(_, user) | Action::SetRole(_, user, Role::Member) if group.is_last_admin(user) => {
                return Answer::LastAdmin;
            }
            Action::Rename(_, name) => group.name = name,
            Action::Add(_, user) => group.members.push((user, Role::Member)),
            Action::Remove(_, user) => group.members.retain(|(member, _)| *member != user),
            Action::SetRole(_, user, role) => {
                let members = group.members.iter_mut().filter(|(member, _)| *member == user);
                members.for_each(|member| member.1 = role);
            }
            _ => drop(self.groups.remove(uri)),
        }
        Answer::Done
    }

    fn is_name_taken(&self, name: Name, except: Option<Name>) -> bool {
        let same = |group: &Group| group.name.eq_ignore_ascii_case(name);
        self.groups.iter().any(|(uri, group)| Some(*uri) != except && same(group))
    }

    fn state(&self) -> State {
        let members = |group: &Group| {
            let mut members: Vec<_> =
                group.members.iter().map(|(user, role)| format!("{user} {}", role.as_str())).collect();
            members.sort();
            members
        };
        self.groups
            .iter()
            .map(|(uri, group)| ((*uri).to_owned(), (group.name.to_owned(), members(group))))
            .collect()
    }
}

/// Uri, display name and members with their roles, by id.
type State = BTreeMap<String, (String, Vec<String>)>;

/// The real thing.
struct Real {
    service: Service,
    store: SharedStore,
    _directory: tempfile::TempDir,
}

static RUNTIME: LazyLock<Runtime> = LazyLock::new(|| Runtime::new().expect("a runtime"));
static PASSWORDS: LazyLock<Arc<Passwords>> =
    LazyLock::new(|| Arc::new(Passwords::new().expect("random numbers")));

impl Real {
    fn new() -> Self {
        let directory = tempfile::tempdir().expect("temporary directory");
        let store: SharedStore = Arc::new(SqliteStore::open(directory.path()).expect("a store"));
        let made = store.write_blocking(|tx| {
            for user in &USERS[..5] {
                tx.insert_user(&NewUser {
                    id: UserId::new(user)?,
                    password: PasswordHash::new("no hash".to_owned()),
                    display_name: UserName::stored((*user).to_owned()),
                    email: None,
                    quota: Quota::Default,
                })?;
            }
            tx.add_to_group(&GroupId::admin(), &UserId::new("admin")?)
        });
        made.expect("users");
        let service = Service::new(Arc::clone(&store), Arc::clone(&PASSWORDS), Rules::default());
        Self { service, store, _directory: directory }
    }

    fn state(&self) -> State {
        let read = self.store.read(|reader| {
            let groups = reader.custom_groups(&Search::default())?.into_iter().map(|found| {
                let members = reader.memberships(found.group.number, &Search::default())?;
                let members =
                    members.iter().map(|member| format!("{} {}", member.user, member.role.as_str()));
                let name = found.group.display_name.as_str().to_owned();
                Ok((found.group.uri.as_str().to_owned(), (name, members.collect())))
            });
            groups.collect::<Result<_>>()
        });
        read.expect("read")
    }
}

/// Asks the service as whoever was logged in as `who`.
async fn act(service: &Service, who: Name, action: &Action) -> Answer {
    let who = Principal {
        user: UserId::stored(who),
        administrator: who == "admin",
        subadmin: false,
        token: None,
        origin: Origin::Machine,
    };
    let group = |uri: Name| Place::Group(uri.to_owned());
    let member = |uri: Name, user: Name| Place::Membership(uri.to_owned(), user.to_owned());
    let result = match *action {
        Action::Create(uri) => service.create_custom_group(&who, &group(uri), None).await.map(drop),
        Action::Rename(uri, name) => {
            let name = DisplayName::new(name).expect("valid");
            service.rename_custom_group(&who, &group(uri), name).await
        }
        Action::Delete(uri) => service.delete(&who, &group(uri)).await,
        Action::Add(uri, user) => service.add_member(&who, &member(uri, user)).await,
        Action::Remove(uri, user) => service.delete(&who, &member(uri, user)).await,
        Action::SetRole(uri, user, role) => service.set_role(&who, &member(uri, user), role).await,
        Action::DeleteUser(user) => service.delete_user(&who, user).await,
    };
    match result {
        Ok(()) => Answer::Done,
        Err(
            Error::CustomGroupUnknown(_)
            | Error::NotAMember { .. }
            | Error::NoSuchMember(_)
            | Error::UserUnknown(_),
        ) => Answer::Missing,
        Err(Error::NotPermitted(_) | Error::OneselfNotAllowed) => Answer::Forbidden,
        Err(Error::GroupUriTaken | Error::DisplayNameTaken(_) | Error::AlreadyMember) => Answer::Taken,
        Err(Error::LastAdmin(_)) => Answer::LastAdmin,
        Err(other) => panic!("{other:?}"),
    }
}

fn action() -> impl Strategy<Value = Action> {
    let (uri, user) = (|| select(&URIS[..]), || select(&USERS[..]));
    prop_oneof![
        4 => uri().prop_map(Action::Create),
        2 => (uri(), select(&NAMES[..])).prop_map(|(uri, name)| Action::Rename(uri, name)),
        1 => uri().prop_map(Action::Delete),
        8 => (uri(), user()).prop_map(|(uri, user)| Action::Add(uri, user)),
        5 => (uri(), user()).prop_map(|(uri, user)| Action::Remove(uri, user)),
        6 => (uri(), user(), select(&[Role::Member, Role::Admin][..]))
            .prop_map(|(uri, user, role)| Action::SetRole(uri, user, role)),
        1 => user().prop_map(Action::DeleteUser),
    ]
}

/// Things done one after the other, by anybody who was ever there.
fn history(length: usize) -> impl Strategy<Value = Vec<(Name, Action)>> {
    vec((select(&USERS[..5]), action()), 0..length)
}

/// Whether some order of one after the other, each actor's own order kept, gives the answers that were
/// given and the state that is there.
fn is_explained(
    model: &Model,
    told: &[(Name, Vec<(Action, Answer)>)],
    done: &[usize],
    state: &State,
) -> bool {
    if told.iter().zip(done).all(|((_, actions), done)| *done == actions.len()) {
        return model.state() == *state;
    }
    told.iter().enumerate().any(|(actor, (who, actions))| {
        let Some((action, answer)) = actions.get(done[actor]) else { return false };
        let (mut next, mut further) = (model.clone(), done.to_vec());
        further[actor] += 1;
        next.act(who, action) == *answer && is_explained(&next, told, &further, state)
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn one_after_the_other_all_is_as_the_rules_say(history in history(80)) {
        let (mut model, real) = (Model::new(), Real::new());
        for (who, action) in history {
            let expected = model.act(who, &action);
            let given = RUNTIME.block_on(act(&real.service, who, &action));
            prop_assert_eq!(given, expected, "{} {:?} on {:?}", who, action, model);
            prop_assert_eq!(real.state(), model.state(), "after {} {:?}", who, action);
        }
    }

    #[test]
    fn at_once_all_is_as_in_some_order(
        before in history(30),
        at_once in vec((select(&USERS[..5]), vec(action(), 1..5)), 4),
    ) {
        let (mut model, real) = (Model::new(), Real::new());
        for (who, action) in before {
            model.act(who, &action);
            RUNTIME.block_on(act(&real.service, who, &action));
        }
        let told = RUNTIME.block_on(async {
            let actors: Vec<_> = at_once
                .into_iter()
                .map(|(who, actions)| {
                    let service = real.service.clone();
                    tokio::spawn(async move {
                        let mut told = Vec::new();
                        for action in actions {
                            let answer = act(&service, who, &action).await;
                            told.push((action, answer));
                        }
                        (who, told)
                    })
                })
                .collect();
            let mut told = Vec::new();
            for actor in actors {
                told.push(actor.await.expect("no panic"));
            }
            told
        });
        let state = real.state();
        prop_assert!(is_explained(&model, &told, &[0; 4], &state), "{:?}: {:?} gave {:?}", model, told, state);
    }
}
