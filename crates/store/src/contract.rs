//! What every store must do, whichever database it is made of.
//!
//! Each function takes a fresh, empty store. [`contract_tests`] makes a test of each, so that a second home
//! runs the very same ones.

mod audit;
mod batches;
mod claims;
mod counters;
mod directory;
mod notices;
mod orders;
mod races;
mod references;
mod report;
mod shop;
mod work;

use std::sync::Arc;

use crate::port::Store;

pub type Home = Arc<dyn Store>;

pub use audit::audit;
pub use batches::*;
pub use claims::*;
pub use counters::*;
pub use directory::*;
pub use notices::*;
pub use orders::*;
pub use races::*;
pub use references::*;
pub use report::*;
pub use shop::{AMOUNT_MINOR, Kept, NOW, Shop, conflict, number, paid, together};
pub use work::*;

/// `contract_tests!(fresh)`: `fresh()` gives a [`Home`] and what must live as long as it.
macro_rules! contract_tests {
    ($fresh:path) => {
        $crate::contract::contract_tests! { $fresh:
            an_order_is_found_by_number_and_by_reference,
            everything_reads_back_as_it_was_decided,
            a_reference_and_a_number_are_taken_once,
            whoever_decides_on_an_old_version_is_told,
            a_conflict_writes_nothing_even_among_others,
            a_fault_spoils_nobody_else,
            due_work_is_leased_once,
            two_who_lease_at_once_share_the_work,
            only_the_holder_says_what_became_of_work,
            work_due_now_is_written_as_leased,
            a_decision_replaces_and_ends_work,
            a_decision_stands_though_its_work_has_moved_on,
            a_notification_keeps_its_bytes_and_its_tries,
            what_was_told_can_be_sent_again,
            who_lost_the_lease_writes_no_try,
            logins_are_found_with_keys_and_accounts,
            a_rotated_key_ends_and_the_new_one_is_first,
            a_login_belongs_to_one_merchant,
            a_reference_sent_by_many_at_once_makes_one_order,
            racing_refunds_never_exceed_the_order,
            random_stories_on_a_few_orders_stay_sound,
            the_audit_notices_a_lost_update,
            orders_and_refunds_share_the_merchants_numbers,
            a_refund_decided_on_an_old_version_leaves_its_number_free,
            orders_are_found_by_operator_and_terminal,
            a_payer_who_chooses_reads_back,
            rates_stay_and_the_newest_is_first,
            two_decisions_are_stored_together,
            a_conflict_on_either_of_two_writes_nothing,
            a_fault_in_one_of_two_writes_neither,
            a_number_passes_on_from_an_order_that_came_to_nothing,
            a_terminal_has_its_queue,
            a_queue_keeps_its_order_within_an_instant,
            refunds_and_a_void_race_for_an_order,
            an_order_at_a_terminal_reads_back,
            a_batch_is_filled_and_closed,
            nothing_joins_a_batch_that_was_closed,
            sales_race_with_the_end_of_their_batch,
            a_batch_of_voids_alone_is_closed_without_settling,
            a_terminal_is_paired_once,
            of_two_who_pair_at_once_one_does,
            the_first_gateway_key_stays,
            the_ledger_is_walked_by_time,
            orders_are_walked_by_number,
            a_statement_is_kept_once_and_whole,
            a_request_has_its_effect_once,
            the_first_answer_stays,
            a_word_that_cannot_be_stored_is_found_nowhere,
        }
    };
    ($fresh:path: $($name:ident,)*) => {
        $(
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $name() {
                let (home, _keep) = $fresh().await;
                $crate::contract::$name(home).await;
            }
        )*
    };
}
pub(crate) use contract_tests;
