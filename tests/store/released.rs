//! Databases as earlier versions of davgroups left them: `released/{version of the schema}.db`, each made
//! by the program of that time.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use davgroups::domain::{AuditQuery, CustomGroupNumber, Role, Rules, Search, Timestamp, TokenScope};
use davgroups::store::SharedStore;
use davgroups::store::sqlite::{FILE_NAME, OpenError, SqliteStore, back_up, restore, verify};
use tempfile::TempDir;

use crate::fixture::{add_custom_group, group_id, id, read, search, write};

/// Those that there are.
const VERSIONS: [u32; 4] = [1, 2, 3, 4];

fn stored(version: u32) -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/store/released/{version}.db"))
}

fn data_dir(version: u32) -> TempDir {
    let directory = tempfile::tempdir().expect("a temporary directory");
    fs::copy(stored(version), directory.path().join(FILE_NAME)).expect("a copy");
    directory
}

/// What is in each of them, and that it can be changed.
fn assert_whole(directory: &Path) {
    let store: SharedStore = Arc::new(SqliteStore::open(directory).expect("brought up to date"));
    let team = CustomGroupNumber::new(1);
    let members = read(&store, |reader| reader.memberships(team, &Search::default()));
    let members: Vec<_> = members.iter().map(|member| (member.user.as_str(), member.role)).collect();
    assert_eq!(members, [("Alice", Role::Admin), ("bob", Role::Admin), ("carol", Role::Member)]);
    assert_eq!(read(&store, |reader| reader.find_users(&search("ünal"))), [id("jorg")]);
    assert_eq!(read(&store, |reader| reader.subadmins(&group_id("staff"))), [id("bob")]);
    let alice = read(&store, |reader| reader.user("ALICE")).expect("there");
    assert_eq!(alice.display_name.as_str(), "Alice Liddell");

    let number = add_custom_group(&store, "new", "New", &[("jorg", Role::Admin)]).number;
    write(&store, |tx| tx.delete_user(&id("carol")));
    assert_eq!(number, CustomGroupNumber::new(4), "3 was the last, and 2 was deleted");
    let members = read(&store, |reader| reader.memberships(number, &Search::default()));
    assert_eq!(members[0].user_display_name.as_str(), "Jörg Ünal");
    assert_eq!(read(&store, |reader| reader.memberships(team, &Search::default())).len(), 2);
    drop(store);
    assert_eq!(verify(&directory.join(FILE_NAME), &Rules::default()).expect("readable"), []);
}

#[test]
fn opening_brings_a_store_up_to_date() {
    for version in VERSIONS {
        assert_whole(data_dir(version).path());
    }
}

/// What there was at the third version and is not in the ones before it.
#[test]
fn tokens_records_and_hashes_of_others_are_kept() {
    let directory = data_dir(3);
    let store: SharedStore = Arc::new(SqliteStore::open(directory.path()).expect("brought up to date"));
    let tokens = read(&store, |reader| reader.tokens(Some(&id("bob"))));
    assert_eq!(tokens.iter().map(|token| token.scope).collect::<Vec<_>>(), [TokenScope::Read]);
    let everything = AuditQuery {
        since: Timestamp(0),
        until: Timestamp(i64::MAX),
        actor: None,
        action: String::new(),
        limit: 100,
    };
    let records = read(&store, |reader| reader.audit(&everything));
    let done: Vec<_> =
        records.iter().map(|record| (record.action.as_str(), record.subject.as_str())).collect();
    assert_eq!(done, [("token.create", "bob"), ("import", "")]);
    let foreign = |from: &str| read(&store, |reader| reader.foreign_password(from)).expect("a hash");
    assert!(foreign("1").as_str().starts_with("1|$2y$04$"), "nina's");
    assert!(foreign("").as_str().starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "as ours were then");
}

#[test]
fn restoring_brings_a_backup_up_to_date() {
    for version in VERSIONS {
        let scratch = tempfile::tempdir().expect("a temporary directory");
        let (backup, restored) = (scratch.path().join("backup.db"), scratch.path().join("restored"));
        back_up(data_dir(version).path(), &backup, false).expect("a backup of what is not up to date");
        let early = verify(&backup, &Rules::default()).expect_err("another version");
        assert!(matches!(early, OpenError::Older { found, .. } if found == version), "{early}");
        assert_eq!(restore(&backup, &restored).expect("restored"), []);
        assert_whole(&restored);
    }
}
