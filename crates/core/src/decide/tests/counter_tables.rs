//! Orders at a terminal, in the words of [`counter_words`](super::counter_words).

use super::words::check;

#[test]
fn an_order_goes_to_the_screen() {
    check(
        "
pending nothing deed sale | offer | pending nothing stage offered | offered | |
pending nothing deed sale stage offered | offer | unchanged
pending nothing deed sale stage taken | offer | unchanged
pending nothing deed sale stage offered | take | pending nothing stage taken | taken | ask+30s |
pending nothing deed sale stage waiting | take | unchanged
pending nothing deed sale stage taken | take | unchanged
pending nothing deed void stage offered | take | pending nothing stage taken | taken | ask+30s |
pending nothing deed sale wallet scanned stage offered | take | pending nothing stage taken | taken | |
pending code deed sale wallet shown stage offered | take | pending code stage taken | taken | |
closing:expired nothing deed sale stage offered | take | unchanged
closing:expired nothing deed sale stage offered | offer | unchanged
cancelled nothing deed sale | offer | unchanged
paid nothing deed sale stage offered | take | unchanged
pending nothing | offer | unchanged
pending nothing | take | unchanged
pending nothing deed sale | present code | unchanged
pending nothing deed sale wallet scanned | present code | unchanged
pending nothing deed sale wallet shown | present code | pending code | presented | ask+10s |
pending nothing deed sale wallet shown | choose wechat | unchanged
pending nothing deed sale | choose alipay | unchanged
pending nothing deed sale wallet scanned stage taken | scan | pending scanned stage taken | presented | charge+0s |
pending nothing deed sale wallet scanned | scan | pending scanned | presented | charge+0s |
pending charge deed sale wallet scanned | scan | unchanged
closing:cancelled nothing deed sale wallet scanned stage taken | scan | unchanged
pending nothing deed sale stage taken | scan | unchanged
pending nothing deed sale wallet shown stage taken | scan | unchanged
pending charge | scan | unchanged
",
    );
}

#[test]
fn a_sale_ends_by_the_counters_word() {
    check(
        "
pending nothing deed sale stage taken | counter charge paid tip 0 batch 1 slip | paid nothing stage taken held 12000 captured 12000 batch 1 slip | slip, paid | ends notify+0s | channel_receivable:card +12000, merchant_payable -11856, fee_income -144
pending nothing deed sale stage offered | counter query paid | paid nothing stage offered held 12000 captured 12000 | paid | ends notify+0s | channel_receivable:card +12000, merchant_payable -11856, fee_income -144
pending nothing deed sale stage taken | counter charge paid tip 500 batch 1 slip | paid nothing stage taken tip 500 held 12500 captured 12500 batch 1 slip | slip, paid | ends notify+0s | channel_receivable:card +12500, merchant_payable -11850, tips_payable -500, fee_income -150
pending nothing deed sale tip 300 stage taken | counter charge paid tip 300 | paid nothing stage taken tip 300 held 12300 captured 12300 | paid | ends notify+0s | channel_receivable:card +12300, merchant_payable -11852, tips_payable -300, fee_income -148
pending nothing deed sale tip 300 stage taken | counter query paid | paid nothing stage taken tip 300 held 12300 captured 12300 | paid | ends notify+0s | channel_receivable:card +12300, merchant_payable -11852, tips_payable -300, fee_income -148
pending nothing deed sale tip 300 cashback 2000 stage taken | counter charge paid batch 1 | paid nothing stage taken tip 300 held 14300 captured 14300 batch 1 | slip, paid | ends notify+0s | channel_receivable:card +14300, merchant_payable -13828, tips_payable -300, fee_income -172
pending nothing deed sale stage taken tells payment | counter charge paid | paid nothing stage taken held 12000 captured 12000 | paid | ends notify+0s | channel_receivable:card +12000, merchant_payable -11856, fee_income -144
pending nothing deed sale stage taken unknown yes | counter query paid batch 2 | paid nothing stage taken held 12000 captured 12000 batch 2 unknown | slip, paid | ends notify+0s | channel_receivable:card +12000, merchant_payable -11856, fee_income -144
closing:expired nothing deed sale stage taken | counter close paid batch 1 | paid nothing stage taken held 12000 captured 12000 batch 1 | slip, paid | ends notify+0s | channel_receivable:card +12000, merchant_payable -11856, fee_income -144
closing:cancelled nothing deed sale stage taken | counter charge paid batch 1 slip | paid nothing stage taken held 12000 captured 12000 batch 1 slip | slip, paid | ends notify+0s | channel_receivable:card +12000, merchant_payable -11856, fee_income -144
pending nothing deed sale stage taken | counter charge declined | failed:declined nothing stage taken | failed | ends notify+0s |
pending nothing deed sale stage taken | counter charge declined tip 500 batch 1 slip | failed:declined nothing stage taken slip | slip, failed | ends notify+0s |
pending nothing deed sale stage taken tells payment | counter charge declined | failed:declined nothing stage taken | failed | ends |
pending nothing deed sale stage taken | counter charge unknown | pending nothing stage taken unknown | outcome unknown | ask+1s |
pending nothing deed sale stage taken | counter charge pending | pending nothing stage taken unknown | outcome unknown | ask+1s |
pending nothing deed sale stage taken unknown yes | counter charge unknown | unchanged
pending nothing deed sale stage taken | counter query unknown | unchanged
pending nothing deed sale stage taken | counter query pending | unchanged
pending nothing deed sale stage taken unknown yes | counter query declined slip | failed:declined nothing stage taken unknown slip | slip, failed | ends notify+0s |
closing:expired nothing deed sale stage taken | counter close declined | failed:expired nothing stage taken | failed | ends notify+0s |
closing:cancelled nothing deed sale stage taken | counter close declined | cancelled nothing stage taken | cancelled | ends notify+0s |
closing:cancelled nothing deed sale stage taken | counter charge declined slip | cancelled nothing stage taken | cancelled | ends notify+0s |
closing:cancelled nothing deed sale stage taken | counter charge unknown | unchanged
closing:expired nothing deed sale stage taken | counter close unknown | unchanged
paid nothing deed sale stage taken | counter charge paid tip 500 batch 1 slip | unchanged
paid nothing deed sale stage taken | counter charge declined | unchanged
paid nothing deed sale stage taken | counter query unknown | unchanged
voided nothing deed sale stage taken refunded 12000 | counter charge paid batch 1 | unchanged
failed:declined nothing deed sale stage taken | counter charge declined | unchanged
pending code deed sale wallet shown | counter charge paid | unchanged
pending code deed sale wallet shown | says query paid | paid code held 12000 captured 12000 | paid | ends notify+0s | channel_receivable:alipay +12000, merchant_payable -11856, fee_income -144
pending charge deed sale wallet scanned stage taken | says charge unknown | pending charge stage taken | outcome unknown | ends ask+1s expire+890s |
pending nothing deed sale stage taken | says query paid | unchanged
pending nothing deed sale stage taken | says query declined | unchanged
pending code | counter charge paid | unchanged
",
    );
}

#[test]
fn an_authorization_holds() {
    check(
        "
pending nothing deed authorization stage taken | counter charge paid tip 0 batch 1 slip | authorized nothing stage taken held 12000 slip | slip, authorized | ends notify+0s |
pending nothing deed authorization stage taken | counter charge paid tip 500 | authorized nothing stage taken tip 500 held 12500 | slip, authorized | ends notify+0s |
pending nothing deed authorization stage taken tells payment | counter query paid | authorized nothing stage taken held 12000 | authorized | ends notify+0s |
closing:cancelled nothing deed authorization stage taken | counter close paid | authorized nothing stage taken held 12000 | authorized | ends notify+0s |
closing:expired nothing deed authorization stage taken | counter close declined | failed:expired nothing stage taken | failed | ends notify+0s |
pending nothing deed authorization stage taken | counter charge declined slip | failed:declined nothing stage taken slip | slip, failed | ends notify+0s |
authorized nothing deed authorization | counter charge paid | unchanged
authorized nothing deed authorization | counter charge declined | unchanged
authorized nothing deed authorization | cancel | refused: the order has been paid
authorized nothing deed authorization | expire | unchanged
authorized nothing deed authorization | refund 5000 | refused: the order was never paid
authorized nothing deed authorization | tip 500 batch 1 | refused: the order was never paid
authorized nothing deed authorization | settle | unchanged
authorized nothing deed authorization | create | refused: the reference belongs to something else
",
    );
}

#[test]
fn a_follow_up_is_done_and_takes_nothing_itself() {
    check(
        "
pending nothing deed void stage taken | counter charge paid tip 0 batch 1 slip | paid nothing stage taken slip | slip, done | ends notify+0s |
pending nothing deed refund stage taken | counter charge paid tip 0 batch 1 slip | paid nothing stage taken batch 1 slip | slip, done | ends notify+0s |
pending nothing deed refund tip 300 stage taken | counter charge paid tip 700 batch 1 slip | paid nothing stage taken tip 300 batch 1 slip | slip, done | ends notify+0s |
pending nothing deed completion tip 300 stage taken | counter query paid batch 1 | paid nothing stage taken tip 300 | done | ends notify+0s |
closing:expired nothing deed refund stage taken | counter close paid batch 2 | paid nothing stage taken batch 2 | slip, done | ends notify+0s |
pending nothing deed void stage taken | counter charge declined slip | failed:declined nothing stage taken slip | slip, failed | ends notify+0s |
closing:cancelled nothing deed completion stage taken | counter close declined | cancelled nothing stage taken | cancelled | ends notify+0s |
failed:expired nothing deed refund stage taken | counter charge paid batch 1 | unchanged
cancelled nothing deed void stage taken | counter charge paid | unchanged
paid nothing deed refund batch 1 | refund 5000 | refused: the refund exceeds the order
paid nothing deed void | reserve void 12000 batch 1 | refused: not this kind of order
paid nothing deed refund batch 1 | reserve refund 5000 | refused: not this kind of order
paid nothing deed completion | reserve completion 5000 | refused: nothing can be captured
paid nothing deed refund batch 1 | tip 500 batch 1 | refused: not this kind of order
paid nothing deed refund batch 1 | settle | paid nothing batch 1 settled | settled | | settlement_receivable:card -12000, channel_receivable:card +12000
paid nothing deed void | settle | unchanged
",
    );
}

#[test]
fn money_that_is_late_goes_back() {
    check(
        "
failed:expired nothing deed sale stage taken | counter query paid | failed:expired nothing gave 1 stage taken | late payment by 1 | refund+0s | channel_receivable:card +12000, late_payments -12000
failed:expired nothing deed sale stage taken | counter charge paid tip 500 batch 1 slip | failed:expired nothing gave 1 stage taken tip 500 slip | slip, late payment by 1 | refund+0s | channel_receivable:card +12500, late_payments -12500
cancelled nothing deed sale tip 300 stage taken | counter charge paid tip 300 slip | cancelled nothing gave 1 stage taken tip 300 slip | slip, late payment by 1 | refund+0s | channel_receivable:card +12300, late_payments -12300
failed:declined nothing deed sale stage taken slip yes | counter query paid | failed:declined nothing gave 1 stage taken slip | late payment by 1 | refund+0s | channel_receivable:card +12000, late_payments -12000
failed:declined nothing deed sale stage taken gave 1 | counter charge paid tip 500 slip | unchanged
failed:expired nothing deed authorization stage taken | counter charge paid slip | failed:expired nothing gave 1 stage taken slip | slip, late payment by 1 | refund+0s | channel_receivable:card +12000, late_payments -12000
failed:expired nothing deed sale gave 1 | late 1 says paid | failed:expired nothing gave 1 | refund succeeded | | late_payments +12000, channel_receivable:card -12000
failed:expired nothing deed sale gave 1 | late 1 says declined | failed:expired nothing gave 1 | refund failed | |
failed:expired nothing deed sale gave 1 | late 1 says unknown | unchanged
failed:expired code deed sale wallet shown | says callback paid | failed:expired code gave 1 | late payment by 1 | refund+0s | channel_receivable:alipay +12000, late_payments -12000
",
    );
}

#[test]
fn stopping_asks_whoever_may_have_it() {
    check(
        "
pending nothing deed sale | cancel | cancelled nothing | cancelled | ends notify+0s |
pending nothing deed sale | expire | failed:expired nothing | failed | ends notify+0s |
pending nothing deed sale | expire early | unchanged
pending nothing deed sale stage offered | cancel | closing:cancelled nothing stage offered | close requested | ends close+0s |
pending nothing deed sale stage offered | expire | closing:expired nothing stage offered | close requested | ends close+0s |
pending nothing deed sale stage taken | cancel | closing:cancelled nothing stage taken | close requested | ends close+0s |
pending nothing deed refund stage taken | expire | closing:expired nothing stage taken | close requested | ends close+0s |
pending nothing deed void | cancel | cancelled nothing | cancelled | ends notify+0s |
pending nothing deed sale unknown yes | cancel | closing:cancelled nothing unknown | close requested | ends close+0s |
pending nothing deed sale unknown yes | expire | closing:expired nothing unknown | close requested | ends close+0s |
pending nothing deed sale wallet scanned stage taken | cancel | cancelled nothing stage taken | cancelled | ends notify+0s |
pending charge deed sale wallet scanned stage taken | cancel | closing:cancelled charge stage taken | close requested | ends close+0s |
pending nothing deed sale wallet shown stage offered | expire | failed:expired nothing stage offered | failed | ends notify+0s |
pending code deed sale wallet shown stage offered | expire | closing:expired code stage offered | close requested | ends close+0s |
closing:expired nothing deed sale stage taken | cancel | closing:cancelled nothing stage taken | close reason changed | |
closing:cancelled nothing deed sale stage taken | expire | unchanged
voided nothing deed sale refunded 12000 | cancel | refused: the order has been paid
voided nothing deed sale refunded 12000 | expire | unchanged
paid nothing deed sale | cancel | refused: the order has been paid
",
    );
}

#[test]
fn a_void_undoes_all_of_it_while_its_batch_is_open() {
    check(
        "
paid nothing deed sale batch 1 | reserve void 12000 batch 1 | paid nothing refunding 12000 held 12000 captured 12000 batch 1 pending void:1 | void requested | |
paid nothing deed sale tip 500 batch 1 | reserve void 12500 batch 1 | paid nothing refunding 12500 tip 500 held 12500 captured 12500 batch 1 pending void:1 | void requested | |
paid nothing deed sale tip 500 batch 1 | reserve void 12000 batch 1 | refused: only the whole order can be voided
paid nothing deed sale batch 1 | reserve void 12001 batch 1 | refused: only the whole order can be voided
paid nothing deed sale batch 1 | reserve void 0 batch 1 | refused: only the whole order can be voided
paid nothing deed sale batch 1 | reserve void 12000 batch 2 | refused: the order is settled
paid nothing deed sale batch 1 | reserve void 12000 | refused: the order is settled
paid nothing deed sale | reserve void 12000 | refused: the order is settled
paid nothing deed sale batch 1 settled yes | reserve void 12000 batch 1 | refused: the order is settled
paid nothing deed sale batch 1 refunding 100 | reserve void 12000 batch 1 | refused: the order is busy
paid nothing deed sale batch 1 refunded 100 | reserve void 12000 batch 1 | refused: a part of the order has been refunded
paid nothing deed sale batch 1 refunded 100 | reserve void 11900 batch 1 | refused: a part of the order has been refunded
paid nothing deed sale batch 1 pending tip:500 | reserve void 12000 batch 1 | refused: the order is busy
paid nothing deed sale batch 1 pending void:1 refunding 12000 | reserve void 12000 batch 1 | refused: the order is busy
voided nothing deed sale batch 1 refunded 12000 | reserve void 12000 batch 1 | refused: the order was never paid
pending nothing deed sale stage taken | reserve void 12000 | refused: the order was never paid
failed:expired nothing deed sale | reserve void 12000 | refused: the order was never paid
cancelled nothing deed sale | reserve void 12000 | refused: the order was never paid
paid code deed sale wallet shown | reserve void 12000 batch 1 | refused: not this kind of order
paid code | reserve void 12000 batch 1 | refused: not this kind of order
authorized nothing deed authorization | reserve void 12000 | authorized nothing held 12000 pending void:1 | void requested | |
authorized nothing deed authorization tip 500 | reserve void 12500 | authorized nothing tip 500 held 12500 pending void:1 | void requested | |
authorized nothing deed authorization | reserve void 5000 | refused: only the whole order can be voided
authorized nothing deed authorization pending capture:9000+0 | reserve void 12000 | refused: the order is busy
paid nothing deed authorization held 9000 batch 1 | reserve void 9000 batch 1 | paid nothing refunding 9000 held 9000 captured 9000 batch 1 pending void:1 | void requested | |
paid nothing deed sale batch 1 | reserve sale 12000 | refused: not this kind of order
paid nothing deed sale batch 1 | reserve authorization 12000 | refused: not this kind of order
paid nothing deed sale batch 1 pending void:1 refunding 12000 | follow-up void 12000 done | voided nothing refunded 12000 held 12000 captured 12000 batch 1 | refund succeeded, voided | | channel_receivable:card -12000, merchant_payable +11856, fee_income +144
paid nothing deed sale tip 500 batch 1 pending void:1 refunding 12500 | follow-up void 12500 done | voided nothing refunded 12500 tip 500 held 12500 captured 12500 batch 1 | refund succeeded, voided | | channel_receivable:card -12500, merchant_payable +11850, tips_payable +500, fee_income +150
paid nothing deed sale batch 1 pending void:1 refunding 12000 | follow-up void 12000 not-done | paid nothing held 12000 captured 12000 batch 1 | refund failed | |
paid nothing deed authorization held 9000 tip 500 batch 1 pending void:1 refunding 9000 | follow-up void 9000 done | voided nothing refunded 9000 tip 500 held 9000 captured 9000 batch 1 | refund succeeded, voided | | channel_receivable:card -9000, merchant_payable +8392, tips_payable +500, fee_income +108
paid nothing deed sale batch 1 pending void:1 refunding 12000 | settle | unchanged
paid nothing deed sale batch 1 pending void:1 refunding 12000 | refund 100 | refused: the order is busy
paid nothing deed sale batch 1 pending void:1 refunding 12000 | tip 500 batch 1 | refused: the order is busy
",
    );
}

#[test]
fn a_wallets_order_at_a_counter_is_taken_back_by_its_channel() {
    check(
        "
paid code deed sale wallet shown | void 12000 | paid code refunding 12000 held 12000 captured 12000 pending void:1 | void requested | refund+0s |
paid code deed sale wallet shown | void 11999 | refused: only the whole order can be voided
paid code deed sale wallet shown | void 12001 | refused: the refund exceeds the order
paid code deed sale wallet shown refunded 100 | void 12000 | refused: the refund exceeds what is left of the order
paid code deed sale wallet shown pending void:1 refunding 12000 | void 12000 | refused: the order is busy
paid code | void 12000 | paid code refunding 12000 | void requested | refund+0s |
paid nothing deed sale batch 1 | void 12000 | refused: not this kind of order
pending code deed sale wallet shown | void 12000 | refused: the order was never paid
paid code deed sale wallet shown | reserve refund 5000 | refused: not this kind of order
paid code deed sale wallet shown | refund 5000 | paid code refunding 5000 held 12000 captured 12000 | refund requested | refund+0s |
paid code deed sale wallet shown | tip 500 | refused: not this kind of order
",
    );
}

#[test]
fn a_refund_at_a_terminal_sets_aside_and_is_done() {
    check(
        "
paid nothing deed sale batch 1 | reserve refund 5000 | paid nothing refunding 5000 held 12000 captured 12000 batch 1 | refund requested | |
paid nothing deed sale batch 1 settled yes | reserve refund 5000 | paid nothing refunding 5000 held 12000 captured 12000 batch 1 settled | refund requested | |
paid nothing deed sale batch 1 refunding 5000 | reserve refund 7000 | paid nothing refunding 12000 held 12000 captured 12000 batch 1 | refund requested | |
paid nothing deed sale batch 1 refunding 5000 | reserve refund 7001 | refused: the refund exceeds what is left of the order
paid nothing deed sale batch 1 refunded 5000 | reserve refund 7001 | refused: the refund exceeds what is left of the order
paid nothing deed sale batch 1 | reserve refund 12001 | refused: the refund exceeds the order
paid nothing deed sale batch 1 | reserve refund 0 | refused: the refund exceeds the order
paid nothing deed sale batch 1 pending tip:500 | reserve refund 5000 | refused: the order is busy
paid nothing deed sale batch 1 pending void:1 refunding 12000 | reserve refund 1 | refused: the order is busy
paid nothing deed authorization held 9000 batch 1 | reserve refund 9000 | paid nothing refunding 9000 held 9000 captured 9000 batch 1 | refund requested | |
paid nothing deed authorization held 9000 batch 1 | reserve refund 9001 | refused: the refund exceeds the order
authorized nothing deed authorization | reserve refund 5000 | refused: the order was never paid
voided nothing deed sale batch 1 refunded 12000 | reserve refund 1 | refused: the order was never paid
pending nothing deed sale stage taken | reserve refund 1 | refused: the order was never paid
paid code | reserve refund 5000 | refused: not this kind of order
paid nothing deed sale batch 1 refunding 5000 | follow-up refund 5000 done | paid nothing refunded 5000 held 12000 captured 12000 batch 1 | refund succeeded | | merchant_payable +5000, channel_receivable:card -5000
paid nothing deed sale tip 500 batch 1 refunding 12500 | follow-up refund 12500 done | paid nothing refunded 12500 tip 500 held 12500 captured 12500 batch 1 | refund succeeded | | merchant_payable +12000, tips_payable +500, channel_receivable:card -12500
paid nothing deed sale batch 1 refunding 5000 | follow-up refund 5000 not-done | paid nothing held 12000 captured 12000 batch 1 | refund failed | |
paid nothing deed sale batch 1 settled yes refunding 5000 | follow-up refund 5000 done | paid nothing refunded 5000 held 12000 captured 12000 batch 1 settled | refund succeeded | | merchant_payable +5000, channel_receivable:card -5000
paid nothing deed sale batch 1 refunding 12000 | follow-up refund 12000 done | paid nothing refunded 12000 held 12000 captured 12000 batch 1 | refund succeeded | | merchant_payable +12000, channel_receivable:card -12000
",
    );
}

#[test]
fn a_completion_takes_what_is_held() {
    check(
        "
authorized nothing deed authorization | reserve completion 12000 | authorized nothing held 12000 pending capture:12000+0 | capture requested | |
authorized nothing deed authorization | reserve completion 9000 tip 500 | authorized nothing held 12000 pending capture:9000+500 | capture requested | |
authorized nothing deed authorization | reserve completion 12001 | refused: more than is authorized
authorized nothing deed authorization pending capture:9000+0 | reserve completion 100 | refused: the order is busy
authorized nothing deed authorization pending void:1 | reserve completion 100 | refused: the order is busy
paid nothing deed authorization batch 1 | reserve completion 100 | refused: nothing can be captured
voided nothing deed authorization | reserve completion 100 | refused: nothing can be captured
paid nothing deed sale batch 1 | reserve completion 100 | refused: nothing can be captured
pending nothing deed authorization stage taken | reserve completion 100 | refused: nothing can be captured
pending code deed sale wallet shown | reserve completion 100 | refused: not this kind of order
authorized nothing deed authorization pending capture:9000+500 | follow-up capture done batch 1 | paid nothing tip 500 held 12000 captured 9000 batch 1 | captured | | channel_receivable:card +9000, merchant_payable -8392, tips_payable -500, fee_income -108
authorized nothing deed authorization pending capture:12000+0 | follow-up capture done | paid nothing held 12000 captured 12000 | captured | | channel_receivable:card +12000, merchant_payable -11856, fee_income -144
authorized nothing deed authorization pending capture:9000+500 | follow-up capture not-done | authorized nothing held 12000 | capture failed | |
authorized nothing deed authorization pending capture:9000+500 | follow-up other done | unchanged
authorized nothing deed authorization pending capture:9000+500 | follow-up other not-done | unchanged
authorized nothing deed authorization | follow-up capture done batch 1 | unchanged
authorized nothing deed authorization pending void:1 gave 1 | follow-up capture done batch 1 | unchanged
paid nothing deed authorization held 9000 batch 1 | follow-up capture done batch 1 | unchanged
",
    );
}

#[test]
fn a_tip_changes_until_the_batch_is_closed() {
    check(
        "
paid nothing deed sale batch 1 | tip 500 batch 1 | paid nothing held 12000 captured 12000 batch 1 pending tip:500 | tip requested | tip+0s |
paid nothing deed sale tip 500 batch 1 | tip 500 batch 1 | unchanged
paid nothing deed sale tip 500 batch 1 | tip 0 batch 1 | paid nothing tip 500 held 12500 captured 12500 batch 1 pending tip:0 | tip requested | tip+0s |
paid nothing deed sale batch 1 pending tip:500 | tip 500 batch 1 | unchanged
paid nothing deed sale batch 1 pending tip:500 | tip 700 batch 1 | refused: the order is busy
paid nothing deed sale batch 1 pending tip:500 | tip 0 batch 1 | refused: the order is busy
paid nothing deed sale batch 1 | tip 500 batch 2 | refused: the order is settled
paid nothing deed sale tip 500 batch 1 | tip 500 batch 2 | refused: the order is settled
paid nothing deed sale batch 1 | tip 500 | refused: the order is settled
paid nothing deed sale | tip 500 batch 1 | refused: the order is settled
paid nothing deed sale batch 1 settled yes | tip 500 batch 1 | refused: the order is settled
paid nothing deed sale batch 1 refunding 100 | tip 500 batch 1 | refused: the order is busy
paid nothing deed sale batch 1 refunded 100 | tip 500 batch 1 | refused: a part of the order has been refunded
paid nothing deed authorization held 9000 batch 1 | tip 500 batch 1 | paid nothing held 9000 captured 9000 batch 1 pending tip:500 | tip requested | tip+0s |
pending nothing deed sale stage taken | tip 500 batch 1 | refused: the order was never paid
voided nothing deed sale batch 1 refunded 12000 | tip 500 batch 1 | refused: the order was never paid
paid code | tip 500 batch 1 | refused: not this kind of order
paid nothing deed sale batch 1 pending tip:500 | tip 500 says paid | paid nothing tip 500 held 12500 captured 12500 batch 1 | tip adjusted | | channel_receivable:card +500, merchant_payable +6, tips_payable -500, fee_income -6
paid nothing deed sale batch 1 pending tip:500 | tip 500 says declined | paid nothing held 12000 captured 12000 batch 1 | tip refused | |
paid nothing deed sale batch 1 pending tip:500 | tip 500 says unknown | unchanged
paid nothing deed sale batch 1 pending tip:500 | tip 500 says pending | unchanged
paid nothing deed sale batch 1 pending tip:500 | tip 400 says paid | unchanged
paid nothing deed sale batch 1 | tip 500 says paid | unchanged
paid nothing deed sale tip 500 batch 1 pending tip:100 | tip 100 says paid | paid nothing tip 100 held 12100 captured 12100 batch 1 | tip adjusted | | channel_receivable:card -400, merchant_payable -5, tips_payable +400, fee_income +5
paid nothing deed sale tip 500 batch 1 pending tip:0 | tip 0 says paid | paid nothing held 12000 captured 12000 batch 1 | tip adjusted | | channel_receivable:card -500, merchant_payable -6, tips_payable +500, fee_income +6
paid nothing deed authorization held 9000 batch 1 pending tip:500 | tip 500 says paid | paid nothing tip 500 held 9500 captured 9500 batch 1 | tip adjusted | | channel_receivable:card +500, merchant_payable +6, tips_payable -500, fee_income -6
paid nothing deed sale cashback 2000 batch 1 pending tip:500 | tip 500 says paid | paid nothing tip 500 held 14500 captured 14500 batch 1 | tip adjusted | | channel_receivable:card +500, merchant_payable +6, tips_payable -500, fee_income -6
pending nothing choice 0 | tip 500 says paid | unchanged
",
    );
}

#[test]
fn a_closed_batch_is_settled_once() {
    check(
        "
paid nothing deed sale batch 1 | settle | paid nothing held 12000 captured 12000 batch 1 settled | settled | | settlement_receivable:card +12000, channel_receivable:card -12000
paid nothing deed sale tip 500 batch 1 | settle | paid nothing tip 500 held 12500 captured 12500 batch 1 settled | settled | | settlement_receivable:card +12500, channel_receivable:card -12500
paid nothing deed sale batch 1 settled yes | settle | unchanged
paid nothing deed sale batch 1 pending tip:500 | settle | unchanged
paid nothing deed sale batch 1 refunding 5000 | settle | paid nothing refunding 5000 held 12000 captured 12000 batch 1 settled | settled | | settlement_receivable:card +12000, channel_receivable:card -12000
paid nothing deed sale batch 1 refunded 5000 | settle | paid nothing refunded 5000 held 12000 captured 12000 batch 1 settled | settled | | settlement_receivable:card +12000, channel_receivable:card -12000
paid nothing deed sale | settle | unchanged
paid nothing deed authorization held 9000 tip 500 batch 1 | settle | paid nothing tip 500 held 9000 captured 9000 batch 1 settled | settled | | settlement_receivable:card +9000, channel_receivable:card -9000
paid nothing deed refund batch 1 | settle | paid nothing batch 1 settled | settled | | settlement_receivable:card -12000, channel_receivable:card +12000
voided nothing deed sale batch 1 refunded 12000 | settle | unchanged
failed:expired nothing deed sale | settle | unchanged
pending nothing deed sale stage taken | settle | unchanged
paid code | settle | unchanged
",
    );
}

#[test]
fn a_number_whose_order_came_to_nothing_is_used_again() {
    check(
        "
failed:declined nothing deed sale | again | pending nothing | created | expire+890s |
failed:expired nothing deed sale gave 1 | again tip 300 | pending nothing tip 300 | created | expire+890s |
cancelled nothing deed sale | again refund | pending nothing | created | expire+890s |
failed:declined nothing deed void | again scanned | pending nothing | created | expire+890s |
failed:declined nothing deed sale | again elsewhere | refused: the reference belongs to something else
failed:declined nothing | again | refused: the reference belongs to an order with another Method
pending nothing deed sale | again | refused: the reference belongs to something else
closing:expired nothing deed sale stage taken | again | refused: the reference belongs to something else
paid nothing deed sale | again | refused: the reference belongs to something else
authorized nothing deed authorization | again authorization | refused: the reference belongs to something else
voided nothing deed sale refunded 12000 | again | refused: the reference belongs to something else
- | again | pending nothing | created | expire+890s |
- | again completion tip 300 | pending nothing tip 300 | created | expire+890s |
- | again scanned | pending nothing | created | expire+890s |
- | offer | refused: the order does not exist
- | reserve void 12000 | refused: the order does not exist
- | follow-up other done | refused: the order does not exist
- | settle | refused: the order does not exist
",
    );
}
