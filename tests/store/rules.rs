//! Rules that hang on more than one row, with everybody at it at once.

use std::sync::{Arc, LazyLock};

use davgroups::domain::{
    CustomGroup, DisplayName, Error, GroupRef, Origin, Place, Principal, Result, Role, Rules,
};
use davgroups::service::{Children, Passwords, Scope, Service};
use davgroups::store::SharedStore;
use tokio::task::JoinSet;

use crate::database::{Database, Sqlite};
use crate::fixture::{
    add_custom_group, add_users, display_name, find_by_uri, id, member_ids, on_runtime, read, search, write,
};

/// Groups whose admins leave at the same time.
const GROUPS: usize = 50;

/// Times they do so; with the groups, a thousand rounds.
const WAVES: usize = 20;

const ADMINS: [&str; 4] = ["alice", "bob", "carol", "dave"];

fn service(store: &SharedStore) -> Service {
    // No password is hashed here, and one decoy hash is enough for all tests.
    static PASSWORDS: LazyLock<Arc<Passwords>> =
        LazyLock::new(|| Arc::new(Passwords::new().expect("random numbers")));
    Service::new(Arc::clone(store), Arc::clone(&PASSWORDS), Rules::default())
}

fn principal(user: &str) -> Principal {
    Principal { user: id(user), administrator: false, subadmin: false, token: None, origin: Origin::Machine }
}

fn group_with_admins(store: &SharedStore, uri: &str) -> CustomGroup {
    add_custom_group(store, uri, uri, &ADMINS.map(|user| (user, Role::Admin)))
}

fn count_admins(store: &SharedStore, group: &CustomGroup) -> u64 {
    read(store, |reader| reader.count_admins(group.number))
}

/// Gives every group its four admins back.
fn restore(store: &SharedStore, groups: &[CustomGroup]) {
    let groups = groups.to_vec();
    write(store, move |tx| {
        for group in &groups {
            for user in ADMINS.map(id) {
                match tx.role(group.number, &user)? {
                    None => tx.add_member(group.number, &user, Role::Admin)?,
                    Some(_) => tx.set_role(group.number, &user, Role::Admin)?,
                }
            }
        }
        Ok(())
    });
}

/// Gives up being admin: by leaving or by becoming a member.
async fn step_down(service: Service, group: CustomGroup, user: &'static str, leaves: bool) -> Result<()> {
    let place = Place::Membership(group.uri.as_str().to_owned(), user.to_owned());
    match leaves {
        true => service.delete(&principal(user), &place).await,
        false => service.set_role(&principal(user), &place, Role::Member).await,
    }
}

/// One round in each group: every admin steps down at once, over whichever of `services` comes next.
async fn everybody_steps_down(services: &[Service], groups: &[CustomGroup], wave: usize) {
    let mut rounds = JoinSet::new();
    for (n, group) in groups.iter().enumerate() {
        for (m, user) in ADMINS.into_iter().enumerate() {
            let service = services[(n + m) % services.len()].clone();
            let (group, leaves) = (group.clone(), !(n + m + wave).is_multiple_of(3));
            rounds.spawn(async move { (n, step_down(service, group, user, leaves).await) });
        }
    }
    let mut refused = vec![0; groups.len()];
    while let Some(round) = rounds.join_next().await {
        match round.expect("no panic") {
            (_, Ok(())) => {}
            (n, Err(Error::LastAdmin(of))) if of == groups[n].number => refused[n] += 1,
            (_, Err(other)) => panic!("wave {wave}: {other}"),
        }
    }
    assert!(refused.iter().all(|&refusals| refusals == 1), "wave {wave}: {refused:?}");
}

fn step_down_in_waves(stores: &[SharedStore], groups: usize, waves: usize) {
    let store = &stores[0];
    add_users(store, &ADMINS);
    let groups: Vec<_> = (0..groups).map(|n| group_with_admins(store, &format!("group{n:03}"))).collect();
    let services: Vec<_> = stores.iter().map(service).collect();
    for wave in 0..waves {
        on_runtime(4, everybody_steps_down(&services, &groups, wave));
        for group in &groups {
            assert_eq!(count_admins(store, group), 1, "wave {wave}, {}", group.uri.as_str());
        }
        restore(store, &groups);
    }
}

#[test]
fn all_admins_leave_at_once_and_one_remains() {
    step_down_in_waves(&[Sqlite::new().open()], GROUPS, WAVES);
}

/// The same with two processes' worth of writers on one database, each with its own queue.
#[test]
fn all_admins_leave_at_once_over_two_stores_and_one_remains() {
    let database = Sqlite::new();
    step_down_in_waves(&[database.open(), database.open()], 10, 10);
}

/// Everybody removes somebody else; who was removed first may remove nobody any more.
#[test]
fn admins_who_remove_each_other_leave_one() {
    let database = Sqlite::new();
    let store = database.open();
    add_users(&store, &ADMINS);
    let service = service(&store);
    for round in 0..50 {
        let group = group_with_admins(&store, &format!("group{round:02}"));
        on_runtime(4, async {
            let mut removals = JoinSet::new();
            for (n, user) in ADMINS.into_iter().enumerate() {
                let (service, next) = (service.clone(), ADMINS[(n + 1) % ADMINS.len()]);
                let place = Place::Membership(group.uri.as_str().to_owned(), next.to_owned());
                removals.spawn(async move { service.delete(&principal(user), &place).await });
            }
            while let Some(removal) = removals.join_next().await {
                let refused = removal.expect("no panic").err();
                let fair = matches!(refused, None | Some(Error::NotPermitted(_)));
                assert!(fair, "round {round}: {refused:?}");
            }
        });
        let members = member_ids(&store, group.number, &search(""));
        assert!(!members.is_empty() && members.len() < ADMINS.len(), "round {round}: {members:?}");
        assert_eq!(count_admins(&store, &group), members.len() as u64, "round {round}");
    }
}

/// Looking at a group and its members takes as many statements for 500 members as for 5.
#[test]
fn browsing_costs_a_fixed_number_of_statements() {
    let database = Sqlite::new();
    let (store, statements) = database.open_counted();
    let service = service(&store);
    let users: Vec<String> = (0..500).map(|n| format!("user{n:03}")).collect();
    let names: Vec<&str> = users.iter().map(String::as_str).collect();
    add_users(&store, &names);
    let costs = [5, 500].map(|size| {
        let uri = format!("group of {size}");
        let members: Vec<_> = names[..size].iter().map(|&user| (user, Role::Member)).collect();
        add_custom_group(&store, &uri, &uri, &members);
        let before = statements();
        let place = Place::Group(uri);
        let listing = on_runtime(1, service.browse(&principal("user000"), &place, Scope::all_children()));
        let listing = listing.expect("a member may");
        assert!(matches!(listing.children, Children::Members(members) if members.len() == size));
        statements() - before
    });
    assert_eq!(costs[0], costs[1]);
}

/// What everybody got who made a group at once.
fn create_at_once(
    service: &Service,
    wanted: Vec<(&'static str, String, Option<DisplayName>)>,
) -> Vec<Result<CustomGroup>> {
    on_runtime(4, async {
        let mut attempts = JoinSet::new();
        for (user, uri, name) in wanted {
            let service = service.clone();
            attempts.spawn(async move {
                service.create_custom_group(&principal(user), &Place::Group(uri), name).await
            });
        }
        attempts.join_all().await
    })
}

/// The one that won, after making sure that the others lost as they should.
fn single_winner(results: Vec<Result<CustomGroup>>, lost: fn(&Error) -> bool) -> CustomGroup {
    let (won, refused): (Vec<_>, Vec<_>) = results.into_iter().partition(Result::is_ok);
    assert!(refused.iter().all(|result| result.as_ref().is_err_and(lost)), "{refused:?}");
    let mut won = won.into_iter().flatten();
    let winner = won.next().expect("one wins");
    assert_eq!(won.next(), None, "and only one");
    winner
}

#[test]
fn one_of_many_gets_a_uri() {
    let database = Sqlite::new();
    let store = database.open();
    add_users(&store, &ADMINS);
    let service = service(&store);
    for round in 0..25 {
        let uri = format!("wanted{round:02}");
        let wanted = ADMINS.map(|user| (user, uri.clone(), Some(display_name(&format!("{uri} of {user}")))));
        let results = create_at_once(&service, wanted.to_vec());
        let winner = single_winner(results, |error| matches!(error, Error::GroupUriTaken));
        assert_eq!(find_by_uri(&store, &uri), Some(winner.clone()));
        let members = member_ids(&store, winner.number, &search(""));
        assert_eq!([winner.display_name.as_str()], [format!("{uri} of {}", members.join(" and "))]);
        assert_eq!(count_admins(&store, &winner), 1);
    }
}

#[test]
fn one_of_many_gets_a_display_name_in_any_case() {
    let database = Sqlite::new();
    let store = database.open();
    add_users(&store, &ADMINS);
    let service = service(&store);
    let spellings = ["Größe", "GRÖSSE", "grösse", "gRößE"];
    for round in 0..25 {
        let wanted = ADMINS.into_iter().zip(spellings).map(|(user, spelling)| {
            (user, format!("{user}{round:02}"), Some(display_name(&format!("{spelling} {round}"))))
        });
        let results = create_at_once(&service, wanted.collect());
        let winner = single_winner(results, |error| matches!(error, Error::DisplayNameTaken(_)));
        let listed = read(&store, |reader| reader.custom_groups(&search(&format!("grösse {round}"))));
        assert!(listed.iter().any(|listed| listed.group == winner));
        let groups = read(&store, |reader| reader.custom_groups(&search("")));
        assert_eq!(groups.len(), round + 1, "those who lost left nothing behind");
    }
}

/// Both are allowed, so whichever comes first: the group is gone, and nobody is a member of nothing.
#[test]
fn a_group_is_deleted_while_a_member_is_added() {
    let database = Sqlite::new();
    let store = database.open();
    add_users(&store, &["alice", "bob"]);
    let service = service(&store);
    let mut added_first = 0;
    for round in 0..50 {
        let uri = format!("group{round:02}");
        let group = add_custom_group(&store, &uri, &uri, &[("alice", Role::Admin)]);
        let (deleted, added) = on_runtime(4, async {
            let (deleter, adder) = (service.clone(), service.clone());
            let (whole, place) =
                (Place::Group(uri.clone()), Place::Membership(uri.clone(), "bob".to_owned()));
            let adding = async move { adder.add_member(&principal("alice"), &place).await };
            let deleting = async move { deleter.delete(&principal("alice"), &whole).await };
            // Either is begun first in turn.
            let (deleting, adding) = if round % 2 == 0 {
                let adding = tokio::spawn(adding);
                (tokio::spawn(deleting), adding)
            } else {
                (tokio::spawn(deleting), tokio::spawn(adding))
            };
            (deleting.await.expect("no panic"), adding.await.expect("no panic"))
        });
        deleted.expect("alice may");
        match added {
            Ok(()) => added_first += 1,
            Err(Error::CustomGroupUnknown(missing)) => assert_eq!(missing, uri),
            Err(other) => panic!("round {round}: {other}"),
        }
        let by_number = GroupRef::Number(group.number);
        assert_eq!(read(&store, |reader| reader.custom_group(&by_number)), None);
        assert!(read(&store, |reader| reader.users_with_memberships()).is_empty(), "round {round}");
    }
    println!("the member came first {added_first} times of 50");
}
