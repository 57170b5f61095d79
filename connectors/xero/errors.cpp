#include "connectors/xero/errors.hpp"

#include <algorithm>
#include <array>

namespace spillway::xero {
namespace {

// Sentences from the examples of the OpenAPI file and from what clients and help pages quote; more specific ones first.
constexpr std::array kRefusals{
    Refusal{"Invoice # must be unique", "number_taken", "Another invoice has this number: change one of the two.",
            true},
    Refusal{"Credit Note # must be unique", "number_taken",
            "Another credit note has this number: change one of the two.", true},
    Refusal{"is already assigned to another contact", "name_taken",
            "Another contact has this name: rename one of the two, or archive the other.", true},
    Refusal{"Another contact has this contact number", "number_taken",
            "Contacts were merged in Xero: link the record to the one that stayed.", true},
    Refusal{"Price List Item with Code", "code_taken", "Another item has this code.", true},
    Refusal{"Order number must be unique", "number_taken", "Another order has this number.", true},
    Refusal{"greater than amount outstanding", "over_allocated",
            "The invoice has less outstanding than the credit applied: correct the amounts."},
    Refusal{
        "exceeds the amount outstanding", "overpaid",
        "The invoice has less outstanding than the payment: correct the amounts, or remove a payment made by hand."},
    Refusal{"has already been paid off", "already_paid",
            "The invoice is settled: remove what settles it, or this record."},
    Refusal{"Payments can only be made against Authorised documents", "not_authorised",
            "Approve the invoice in Xero, or let the connection create approved documents."},
    Refusal{"cannot be edited as it has a payment", "has_payments",
            "Remove the payments and credits from it first, then replay; they are applied again by their records."},
    Refusal{"because it has payments or credit notes allocated", "has_payments",
            "Void the payments and credit notes on it first, then replay."},
    Refusal{"not of valid status for modification", "wrong_status",
            "It was approved, paid or voided in Xero: look at it there."},
    Refusal{"end of year lock date", "period_locked",
            "Ask the organisation's adviser to move the lock date, or change the date."},
    Refusal{"period lock date", "period_locked",
            "Ask the organisation's adviser to move the lock date, or change the date."},
    Refusal{"archived contact", "contact_archived", "Restore the contact in Xero, then replay."},
    Refusal{"has been archived", "contact_archived", "Restore the contact in Xero, then replay."},
    Refusal{"must be un-archived", "contact_archived", "Restore the contact in Xero, then replay."},
    Refusal{"is not a valid code for this document", "bad_account", "Map another account for this connection."},
    Refusal{"cannot be used with account code", "bad_tax_code", "Map another tax code or account for this connection."},
    Refusal{"Account could not be found", "bad_account", "Map another account for this connection."},
    Refusal{"Email address must be valid", "bad_email", "Correct the contact's e-mail address."},
    Refusal{"document with the supplied id was not found", "object_missing", "It no longer exists in Xero."},
    Refusal{"Credit Note with the specified CreditNoteID could not be found", "object_missing",
            "It no longer exists in Xero."},
    Refusal{"is not subscribed to currency", "currency_missing",
            "Add the currency in Xero (its plan must allow several)."},
    Refusal{"reached the limit of invoices you can approve", "plan_limit",
            "The organisation's Xero plan approves no more invoices this month: upgrade it, then replay."},
};
constexpr Refusal kOther{"", "refused", "Correct what Xero says, then replay."};

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

}  // namespace

const Refusal& refusal_for(std::string_view message) {
    for (const Refusal& refusal : kRefusals) {
        const auto found = std::search(message.begin(), message.end(), refusal.fragment.begin(), refusal.fragment.end(),
                                       [](char a, char b) { return lower(a) == lower(b); });
        if (found != message.end()) return refusal;
    }
    return kOther;
}

}  // namespace spillway::xero
