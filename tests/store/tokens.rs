//! Tokens: being made, found and deleted.

use davgroups::domain::{NewToken, Timestamp, Token, TokenName, TokenNumber, TokenScope, TokenSecret};
use davgroups::store::SharedStore;

use crate::database::Database;
use crate::fixture::{add_users, id, is_store_failure, read, write};

fn new_token(user: &str, secret: &TokenSecret) -> NewToken {
    NewToken {
        user: id(user),
        name: TokenName::new("a 'sync'").expect("short"),
        scope: TokenScope::Groups,
        hash: secret.hash(),
        expires: None,
    }
}

fn add(store: &SharedStore, token: NewToken) -> Token {
    write(store, move |tx| tx.insert_token(&token))
}

fn secret() -> TokenSecret {
    TokenSecret::random().expect("random numbers")
}

fn numbers(tokens: &[Token]) -> Vec<TokenNumber> {
    tokens.iter().map(|token| token.number).collect()
}

pub fn what_is_written_is_read(database: &dyn Database) {
    let store = database.open();
    add_users(&store, &["alice"]);
    for scope in TokenScope::ALL {
        let secret = secret();
        let expires = (scope == TokenScope::Users).then_some(Timestamp(1_793_491_200_000));
        let made = add(&store, NewToken { scope, expires, ..new_token("alice", &secret) });
        assert_eq!((made.scope, made.expires, made.last_used), (scope, expires, None));
        assert_eq!((made.user.as_str(), made.name.as_str()), ("alice", "a 'sync'"));
        assert!((Timestamp::now().0 - made.created.0).abs() < 60_000);
        assert_eq!(read(&store, |reader| reader.token(made.number)), Some(made.clone()));
        let number = made.number;
        write(&store, move |tx| tx.note_token_use(number, Timestamp(7)));
        let used = Token { last_used: Some(Timestamp(7)), ..made };
        let again = read(&database.open(), |reader| reader.token_with(&secret.hash()));
        assert_eq!(again, Some(used));
    }
}

pub fn tokens_are_found_by_their_hash_alone(database: &dyn Database) {
    let store = database.open();
    add_users(&store, &["alice", "bob"]);
    let (one, other) = (secret(), secret());
    let made = add(&store, new_token("alice", &one));
    assert_eq!(read(&store, |reader| reader.token_with(&one.hash())), Some(made));
    assert_eq!(read(&store, |reader| reader.token_with(&other.hash())), None);
    let twice = new_token("bob", &one);
    assert!(is_store_failure(&store.write_blocking(move |tx| tx.insert_token(&twice))));
    let nobodys = new_token("nobody", &other);
    assert!(is_store_failure(&store.write_blocking(move |tx| tx.insert_token(&nobodys))));
}

pub fn tokens_come_by_number(database: &dyn Database) {
    let store = database.open();
    add_users(&store, &["alice", "bob", "carol"]);
    let [first, second, third] =
        ["alice", "bob", "alice"].map(|user| add(&store, new_token(user, &secret())).number);
    let of = |user: &str| numbers(&read(&store, |reader| reader.tokens(Some(&id(user)))));
    assert_eq!(of("alice"), [first, third]);
    assert_eq!(of("bob"), [second]);
    assert!(of("carol").is_empty());
    assert_eq!(numbers(&read(&store, |reader| reader.tokens(None))), [first, second, third]);
}

pub fn a_deleted_token_is_gone_and_its_number_too(database: &dyn Database) {
    let store = database.open();
    add_users(&store, &["alice"]);
    let secret = secret();
    let made = add(&store, new_token("alice", &secret)).number;
    write(&store, move |tx| tx.delete_token(made));
    write(&store, move |tx| tx.delete_token(made));
    assert_eq!(read(&store, |reader| reader.token(made)), None);
    assert_eq!(read(&store, |reader| reader.token_with(&secret.hash())), None);
    assert!(add(&store, new_token("alice", &secret)).number > made);
}

pub fn deleting_a_user_takes_tokens_along(database: &dyn Database) {
    let store = database.open();
    add_users(&store, &["alice", "bob"]);
    let (alices, bobs) = (secret(), secret());
    add(&store, new_token("alice", &alices));
    let kept = add(&store, new_token("bob", &bobs));
    write(&store, |tx| tx.delete_user(&id("alice")));
    add_users(&store, &["alice"]);
    assert_eq!(read(&store, |reader| reader.token_with(&alices.hash())), None);
    assert_eq!(read(&store, |reader| reader.tokens(None)), [kept]);
}
