#include "connectors/qbo/plan.hpp"

#include <gtest/gtest.h>

#include "tests/unit/qbo/builders.hpp"

namespace spillway {
namespace {

using namespace qbo_test;

std::string plan(const Subject& subject) {
    std::string text;
    for (const Step& step : make_qbo()->plan(subject))
        text += (text.empty() ? "" : ", ") + std::string(to_string(step.verb)) + " " + step.role + " " + step.entity;
    return text;
}

Subject with(Subject subject, std::vector<Link> links, std::int64_t version, bool voided = false) {
    subject.links = std::move(links);
    subject.version = version;
    subject.voided = voided;
    return subject;
}

Link voided(Link link) {
    link.voided = true;
    return link;
}

Document negative() {
    Document content = document();
    content.lines = {line("-2", "5.00")};
    content.total = dec("-10.00");
    return content;
}

struct Case {
    const char* what;
    Subject subject;
    const char* steps;
};

TEST(QboPlan, FollowsFromTheLinks) {
    const Subject both = subject(contact(true, true), "C-1"), customer = subject(contact(true, false), "C-1"),
                  supplier = subject(contact(false, true), "C-1"), goods = subject(item(), "SKU-1");
    const Link c1 = link("customer", "Customer", "58"), v1 = link("vendor", "Vendor", "59"),
               i1 = link("item", "Item", "7");
    const Link d1 = link("document", "Invoice", "130"), m1 = link("document", "CreditMemo", "140");
    const Link a1 = link("allocation:I-1", "Payment", "150"), a2 = link("allocation:I-2", "Payment", "151");
    const Link p1 = link("payment", "Payment", "160");
    const Subject note = a_credit_note({{"I-1", dec("4")}, {"I-2", dec("6")}});
    const Case cases[] = {
        {"new customer", customer, "create customer Customer"},
        {"new both", both, "create customer Customer, create vendor Vendor"},
        {"held", with(both, {c1, v1}, 1), ""},
        {"changed", with(both, {c1, v1}, 2), "update customer Customer, update vendor Vendor"},
        {"half done", with(both, {c1}, 1), "create vendor Vendor"},
        {"a supplier becomes a customer too", with(both, {v1}, 2), "update vendor Vendor, create customer Customer"},
        {"no longer a supplier", with(customer, {c1, v1}, 2), "update customer Customer, void vendor Vendor"},
        {"no longer a supplier, done", with(customer, {link("customer", "Customer", "58", 2), voided(v1)}, 2), ""},
        {"contact voided", with(both, {c1, v1}, 2, true), "void customer Customer, void vendor Vendor"},
        {"contact voided, half done", with(both, {voided(c1), v1}, 2, true), "void vendor Vendor"},
        {"contact back", with(supplier, {voided(v1)}, 3), "update vendor Vendor"},
        {"never sent and voided", with(both, {}, 2, true), ""},
        {"new item", goods, "create item Item"},
        {"changed item", with(goods, {i1}, 2), "update item Item"},
        {"held item", with(goods, {i1}, 1), ""},
        {"voided item", with(goods, {i1}, 2, true), "void item Item"},
        {"new invoice", an_invoice(), "create document Invoice"},
        {"changed invoice", with(an_invoice(), {d1}, 2), "update document Invoice"},
        {"held invoice", with(an_invoice(), {d1}, 1), ""},
        {"voided invoice", with(an_invoice(), {d1}, 2, true), "void document Invoice"},
        {"voided invoice, done", with(an_invoice(), {voided(d1)}, 2, true), ""},
        {"invoice voided before it was sent", with(an_invoice(), {}, 2, true), ""},
        {"negative invoice", an_invoice(negative()), "create document CreditMemo"},
        {"invoice turned negative", with(an_invoice(negative()), {d1}, 2),
         "remove document Invoice, create document CreditMemo"},
        {"negative invoice voided", with(an_invoice(negative()), {m1}, 2, true), "remove document CreditMemo"},
        {"new credit note", note,
         "create document CreditMemo, create allocation:I-1 Payment, create allocation:I-2 Payment"},
        {"credit note, half allocated", with(note, {m1, a1}, 1), "create allocation:I-2 Payment"},
        {"held credit note", with(note, {m1, a1, a2}, 1), ""},
        {"changed credit note", with(note, {m1, a1}, 2),
         "remove allocation:I-1 Payment, update document CreditMemo, create allocation:I-1 Payment, create "
         "allocation:I-2 Payment"},
        {"credit no longer applied", with(a_credit_note(), {m1, a1}, 2),
         "remove allocation:I-1 Payment, update document CreditMemo"},
        {"voided credit note", with(note, {m1, a1, a2}, 2, true),
         "remove allocation:I-1 Payment, remove allocation:I-2 Payment, remove document CreditMemo"},
        {"credit note back", with(note, {}, 3),
         "create document CreditMemo, create allocation:I-1 Payment, create allocation:I-2 Payment"},
        {"new payment", a_payment(), "create payment Payment"},
        {"held payment", with(a_payment(), {p1}, 1), ""},
        {"changed payment", with(a_payment(), {p1}, 2), "remove payment Payment, create payment Payment"},
        {"changed payment, half done", with(a_payment(), {}, 2), "create payment Payment"},
        {"voided payment", with(a_payment(), {p1}, 2, true), "void payment Payment"},
        {"payment back", with(a_payment(), {voided(p1)}, 3), "create payment Payment"},
    };
    for (const Case& one : cases) EXPECT_EQ(plan(one.subject), one.steps) << one.what;
}

TEST(QboPlan, NamesTheVendorOfACustomerApart) {
    EXPECT_EQ(qbo::display_name(subject(contact(true, true), "C"), "vendor"), "O'Neil \\ Sons (supplier)");
    EXPECT_EQ(qbo::display_name(subject(contact(true, true), "C"), "customer"), "O'Neil \\ Sons");
    EXPECT_EQ(qbo::display_name(subject(contact(false, true), "C"), "vendor"), "O'Neil \\ Sons");
    // The plain name may still be held by the inactive customer, so the vendor keeps its suffix.
    EXPECT_EQ(qbo::display_name(
                  with(subject(contact(false, true), "C"), {voided(link("customer", "Customer", "58"))}, 2), "vendor"),
              "O'Neil \\ Sons (supplier)");
}

}  // namespace
}  // namespace spillway
