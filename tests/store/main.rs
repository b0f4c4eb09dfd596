//! What every store promises, and the rules that hold when many write at once.
//!
//! The cases of the contract know a store only through `davgroups::store::Store`. A further database
//! joins with an `impl Database` and one line of `contract!` below.

#![allow(clippy::expect_used, reason = "a case that cannot be set up has failed")]

mod apps;
mod audit;
mod custom_groups;
mod database;
mod fixture;
mod groups;
mod listings;
mod memberships;
mod plans;
mod queue;
mod released;
mod rules;
mod tokens;
mod transactions;
mod users;

/// Makes a test of each case, on a fresh database.
macro_rules! cases {
    ($database:expr; $($topic:ident { $($case:ident)* })*) => {
        $(mod $topic {
            $(#[test]
            fn $case() {
                crate::$topic::$case(&$database);
            })*
        })*
    };
}

/// The whole contract over one kind of database.
macro_rules! contract {
    ($name:ident, $database:expr) => {
        mod $name {
            cases! { $database;
                users {
                    what_is_written_is_read
                    ids_are_found_in_any_case
                    an_id_is_taken_in_any_case
                    login_is_by_id_before_email
                    login_by_email_needs_a_single_owner
                    an_account_says_what_its_owner_may_do
                    hashes_of_others_come_by_bytes
                    one_thing_changes_at_a_time
                    searching_looks_at_id_name_and_email
                    changed_names_are_found_and_old_ones_not
                    a_search_goes_on_behind_a_user
                    managed_users_are_found_once
                    administrators_are_members_and_not_managed
                    deleting_takes_places_and_rights_along
                    an_empty_store_has_no_users
                }
                groups {
                    the_group_admin_is_there_from_the_start
                    ids_differ_by_case_and_are_taken_once
                    searching_disregards_case
                    names_are_shown_and_searched
                    members_come_and_go
                    subadmins_come_and_go
                    many_users_are_asked_about_at_once
                    sharing_and_managing_go_through_a_common_group
                    deleting_takes_members_and_subadmins_along
                    places_need_a_group_and_a_user
                }
                custom_groups {
            a_group_keeps_the_number_it_had
            groups_without_an_admin_are_found
                    what_is_written_is_read
                    a_uri_is_taken_to_the_letter
                    display_names_are_compared_in_any_case
                    the_store_allows_equal_display_names
                    renaming_changes_the_name_alone
                    numbers_are_never_used_again
                    numbers_are_never_used_again_after_reopening
                    all_groups_come_by_display_name
                    groups_of_a_user_come_by_number_with_the_role
                    deleting_takes_memberships_along
                }
                memberships {
                    what_is_written_is_read
                    a_member_is_added_once
                    members_are_found_in_just_their_spelling
                    roles_change_and_admins_are_counted
                    members_come_by_id_bytewise
                    searching_looks_at_id_and_display_name
                    removing_takes_one_away
                    the_first_to_join_is_of_longest_standing
                    the_order_of_joining_holds_within_one_transaction
                    users_with_memberships_come_once
                    deleting_a_user_takes_memberships_along
                    a_membership_needs_a_group_and_a_user
                }
                tokens {
                    what_is_written_is_read
                    tokens_are_found_by_their_hash_alone
                    tokens_come_by_number
                    a_deleted_token_is_gone_and_its_number_too
                    deleting_a_user_takes_tokens_along
                }
                apps { switches_are_kept }
                audit {
                    records_are_found_as_they_were_written
                    old_records_are_forgotten
                }
                listings {
                    no_character_is_a_wildcard
                    control_characters_match_nothing
                    pages_are_cut_from_the_whole
                    searching_agrees_with_a_plain_filter
                    a_listing_costs_a_fixed_number_of_statements
                }
                transactions {
                    an_error_changes_nothing
                    jobs_of_one_batch_fail_alone
                    a_job_reads_what_it_wrote
                    a_job_bears_one_time
                    a_reading_job_sees_one_snapshot
                    a_reading_job_may_fail_or_panic
                    data_survive_reopening
                    an_abandoned_write_is_done
                    two_stores_share_one_database
                    many_may_open_a_new_database_at_once
                }
                queue {
                    a_full_queue_is_busy
                    what_is_queued_is_finished_when_the_store_goes
                }
            }
        }
    };
}

contract!(sqlite, crate::database::Sqlite::new());
