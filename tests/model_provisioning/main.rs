//! The rules of the provisioning API, once more and as plainly as can be, held against the service: who may
//! make, change and delete users and groups, and who becomes administrator or subadmin. As in `model.rs`,
//! with ids in any case, and by actors whose rights come and go.

#![allow(clippy::expect_used, reason = "helpers of tests fail as tests do")]

mod model;

use std::sync::{Arc, LazyLock};

use davgroups::domain::provisioning::UserField;
use davgroups::domain::{
    Error, GroupId, NewUser, Origin, Password, PasswordHash, Principal, Quota, Rules, Search, UserId,
    UserName,
};
use davgroups::service::{Passwords, Service, UserRequest};
use davgroups::store::SharedStore;
use davgroups::store::sqlite::SqliteStore;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use tokio::runtime::Runtime;

use crate::model::{Action, Answer, GROUPS, Model, Name, USERS, User};

static RUNTIME: LazyLock<Runtime> = LazyLock::new(|| Runtime::new().expect("a runtime"));
static PASSWORDS: LazyLock<Arc<Passwords>> =
    LazyLock::new(|| Arc::new(Passwords::new().expect("random numbers")));

/// The real thing.
struct Real {
    service: Service,
    store: SharedStore,
    _directory: tempfile::TempDir,
}

impl Real {
    fn new() -> Self {
        let directory = tempfile::tempdir().expect("temporary directory");
        let store: SharedStore = Arc::new(SqliteStore::open(directory.path()).expect("a store"));
        let group = |name: Name| GroupId::new(name).expect("a group id");
        let made = store.write_blocking(move |tx| {
            for name in &USERS[..4] {
                tx.insert_user(&NewUser {
                    id: UserId::new(name)?,
                    password: PasswordHash::locked(),
                    display_name: UserName::stored((*name).to_owned()),
                    email: None,
                    quota: Quota::Default,
                })?;
            }
            tx.insert_group(&group("staff"))?;
            tx.insert_group(&group("club"))?;
            tx.add_to_group(&group("admin"), &UserId::new("root")?)?;
            tx.add_to_group(&group("staff"), &UserId::new("frank")?)?;
            tx.add_subadmin(&group("staff"), &UserId::new("erin")?)
        });
        made.expect("a stage");
        let service = Service::new(Arc::clone(&store), Arc::clone(&PASSWORDS), Rules::default());
        Self { service, store, _directory: directory }
    }

    fn state(&self) -> Model {
        let text = |id: UserId| id.as_str().to_lowercase();
        let read = self.store.read(|reader| {
            let users = reader.users()?.into_iter().map(|user| {
                let name = user.display_name.as_str().to_lowercase();
                (text(user.id), User { enabled: user.enabled, name, quota: user.quota.bytes() })
            });
            let mut state = Model { users: users.collect(), ..Model::default() };
            for group in reader.find_groups(&Search::default())? {
                let id = group.as_str().to_owned();
                let subadmins = reader.subadmins(&group)?.into_iter();
                state.subadmins.extend(subadmins.map(|user| (id.clone(), text(user))));
                state.groups.insert(id, reader.group_members(&group)?.into_iter().map(text).collect());
            }
            Ok(state)
        });
        read.expect("read")
    }
}

/// Asks the service as whoever logs in as `who`, with the rights that are found then.
async fn act(service: &Service, who: Name, action: &Action, loud: bool) -> Answer {
    let account = service.account(who).expect("read").filter(|account| account.enabled);
    let Some(account) = account else { return Answer::Forbidden };
    let who = Principal {
        user: account.id,
        administrator: account.administrator,
        subadmin: account.subadmin,
        token: None,
        origin: Origin::Machine,
    };
    // Ids of users are the same in any capitals.
    let id = |user: Name| if loud { user.to_uppercase() } else { user.to_owned() };
    let result = match *action {
        Action::Create(user, ref groups) => {
            let groups = groups.iter().map(|group| (*group).to_owned()).collect();
            let password = Password::offered("pw".to_owned());
            let request = UserRequest { id: id(user), password, groups, ..UserRequest::default() };
            service.create_user(&who, request).await.map(drop)
        }
        Action::Delete(user) => service.delete_user(&who, &id(user)).await,
        Action::Enable(user, enabled) => service.set_enabled(&who, &id(user), enabled).await,
        Action::Rename(user, name) => edit(service, &who, &id(user), UserField::DisplayName, name).await,
        Action::SetQuota(user, bytes) => {
            edit(service, &who, &id(user), UserField::Quota, &bytes.to_string()).await
        }
        Action::CreateGroup(group) => service.create_group(&who, group, None).await,
        Action::DeleteGroup(group) => service.delete_group(&who, group).await,
        Action::Add(user, group) => service.add_to_group(&who, &id(user), group).await,
        Action::Remove(user, group) => service.remove_from_group(&who, &id(user), group).await,
        Action::Appoint(user, group) => service.add_subadmin(&who, &id(user), group).await,
        Action::Dismiss(user, group) => service.remove_subadmin(&who, &id(user), group).await,
    };
    result.map_or_else(|error| answer(&error), |()| Answer::Done)
}

async fn edit(
    service: &Service,
    who: &Principal,
    id: &str,
    field: UserField,
    value: &str,
) -> davgroups::domain::Result<()> {
    service.edit_user(who, id, Some(field), Some(value.to_owned().into())).await
}

fn answer(error: &Error) -> Answer {
    match error {
        Error::UserUnknown(_) => Answer::NoSuchUser,
        Error::GroupUnknown(_) => Answer::NoSuchGroup,
        Error::NotPermitted(_) | Error::NotSubadminOf(_) => Answer::Forbidden,
        Error::UserExists | Error::GroupExists => Answer::Taken,
        Error::OneselfNotAllowed => Answer::Oneself,
        Error::AdminGroup => Answer::GroupOfAdministrators,
        Error::GroupRequired => Answer::NoGroupNamed,
        Error::NotASubadmin => Answer::NoSubadmin,
        other => panic!("{other:?}"),
    }
}

fn action() -> impl Strategy<Value = Action> {
    let (user, group) = (|| select(&USERS[..]), || select(&GROUPS[..]));
    let pair = || (user(), group());
    prop_oneof![
        1 => (user(), vec(group(), 0..2)).prop_map(|(user, groups)| Action::Create(user, groups)),
        1 => user().prop_map(Action::Delete),
        3 => (user(), any::<bool>()).prop_map(|(user, enabled)| Action::Enable(user, enabled)),
        2 => (user(), select(&["ann", "ben"][..])).prop_map(|(user, name)| Action::Rename(user, name)),
        2 => (user(), 1..9_u64).prop_map(|(user, bytes)| Action::SetQuota(user, bytes)),
        2 => group().prop_map(Action::CreateGroup),
        1 => group().prop_map(Action::DeleteGroup),
        6 => pair().prop_map(|(user, group)| Action::Add(user, group)),
        5 => pair().prop_map(|(user, group)| Action::Remove(user, group)),
        5 => pair().prop_map(|(user, group)| Action::Appoint(user, group)),
        2 => pair().prop_map(|(user, group)| Action::Dismiss(user, group)),
    ]
}

/// Things done one after the other, by anybody, with ids as they are or in capitals.
fn history(length: usize) -> impl Strategy<Value = Vec<(Name, Action, bool)>> {
    vec((select(&USERS[..]), action(), any::<bool>()), 0..length)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn nobody_does_more_than_the_rules_allow(history in history(80)) {
        let (mut model, real) = (Model::new(), Real::new());
        for (who, action, loud) in history {
            let expected = model.act(who, &action);
            let given = RUNTIME.block_on(act(&real.service, who, &action, loud));
            prop_assert_eq!(given, expected, "{} {:?} on {:?}", who, action, model);
            prop_assert_eq!(&real.state(), &model, "after {} {:?}", who, action);
        }
    }

    /// Whatever happens at once, what everybody was told can have happened one after the other: two actors,
    /// each with one change, of which one may take the other's rights away.
    #[test]
    fn two_at_once_are_as_one_after_the_other(
        before in history(30),
        one in (select(&USERS[..]), action()),
        other in (select(&USERS[..]), action()),
    ) {
        let (mut model, real) = (Model::new(), Real::new());
        for (who, action, loud) in before {
            model.act(who, &action);
            RUNTIME.block_on(act(&real.service, who, &action, loud));
        }
        let told = RUNTIME.block_on(async {
            let spawned = [one.clone(), other.clone()].map(|(who, action)| {
                let service = real.service.clone();
                tokio::spawn(async move { act(&service, who, &action, false).await })
            });
            let [first, second] = spawned;
            (first.await.expect("no panic"), second.await.expect("no panic"))
        });
        let (mut forth, mut back) = (model.clone(), model.clone());
        let in_order = (forth.act(one.0, &one.1), forth.act(other.0, &other.1));
        let second = back.act(other.0, &other.1);
        let reversed = (back.act(one.0, &one.1), second);
        let state = real.state();
        prop_assert!(
            (told == in_order && state == forth) || (told == reversed && state == back),
            "{:?}: {:?} and {:?} gave {:?}, {:?}", model, one, other, told, state
        );
    }
}
