// Every sentence of Xero's that we classify, as Xero says it.
#include "connectors/xero/errors.hpp"

#include <gtest/gtest.h>

namespace spillway::xero {
namespace {

TEST(XeroErrors, ClassifiesXerosSentencesByTheirStablePart) {
    struct Row {
        const char *message, *code;
        bool taken;
    };
    const Row rows[] = {
        {"Invoice # must be unique.", "number_taken", true},
        {"The contact name ABC Limited is already assigned to another contact. The contact name must be unique across "
         "all active "
         "contacts.",
         "name_taken", true},
        {"Another contact has this contact number. Please enter a different contact number.", "number_taken", true},
        {"Price List Item with Code 'abc' already exists", "code_taken", true},
        {"Order number must be unique", "number_taken", true},
        {"Credit Note cannot be allocated as amount is greater than amount outstanding", "over_allocated", false},
        {"Payment amount exceeds the amount outstanding on this document", "overpaid", false},
        {"The invoice you are trying to allocate to has already been paid off", "already_paid", false},
        {"Payments can only be made against Authorised documents", "not_authorised", false},
        {"This document cannot be edited as it has a payment or credit note allocated to it.", "has_payments", false},
        {"The status VOIDED cannot be applied to the invoice because it has payments or credit notes allocated to it.",
         "has_payments", false},
        {"Invoice not of valid status for modification", "wrong_status", false},
        {"The document date cannot be before the period lock date", "period_locked", false},
        {"The document date cannot be before the end of year lock date, currently set at 31 Dec 2010", "period_locked",
         false},
        {"The specified contact details matched an archived contact. Archived contacts cannot currently be edited via "
         "the API.",
         "contact_archived", false},
        {"The contact with the specified contact details has been archived. The contact must be un-archived before "
         "creating new "
         "invoices or credit notes",
         "contact_archived", false},
        {"Account code '999' is not a valid code for this document.", "bad_account", false},
        {"Account could not be found", "bad_account", false},
        {"The TaxType code 'X' cannot be used with account code '200'.", "bad_tax_code", false},
        {"Email address must be valid.", "bad_email", false},
        {"The document with the supplied id was not found for this endpoint.", "object_missing", false},
        {"An existing Credit Note with the specified CreditNoteID could not be found", "object_missing", false},
        {"Organisation is not subscribed to currency EUR", "currency_missing", false},
        {"You have reached the limit of invoices you can approve", "plan_limit", false},
        {"INVOICE # MUST BE UNIQUE", "number_taken", true},
        {"Something that nobody has seen yet", "refused", false},
        {"", "refused", false},
    };
    for (const Row& row : rows) {
        const Refusal& refusal = refusal_for(row.message);
        EXPECT_EQ(refusal.code, row.code) << row.message;
        EXPECT_EQ(refusal.taken, row.taken) << row.message;
        EXPECT_FALSE(refusal.advice.empty()) << row.message;
    }
}

}  // namespace
}  // namespace spillway::xero
