#pragma once
// One step of a record as an exact object: every refusal that needs no look at the provider is made here.

#include "connectors/provider.hpp"

namespace spillway::qbo {

/// See Provider::prepare. Codes of refusals: number_too_long, custom_numbers_off, period_locked, total_mismatch,
/// tax_mismatch, too_many_lines, memo_too_long, exchange_rate_missing, contact_not_customer, name_not_allowed,
/// name_too_long, code_not_allowed, code_too_long, invoice_is_credit, voided_in_books, reference_missing, and those of
/// coding.hpp; conflict/`drift`.
Result<PreparedObject> prepare_object(const Subject& subject, const Step& step, const Mapping& mapping,
                                      const Books& books, std::span<const RemoteObject> read);

/// PreparedObject::extra of ours.
struct Extra {
    std::string tag;        ///< in PrivateNote; empty for name lists
    std::string currency;   ///< of a contact, where stated
    Decimal bound;          ///< tolerated difference between predicted and found total
    std::string warning{};  ///< what is written otherwise than stated, for people
};
std::string write_extra(const Extra& extra);
Extra read_extra(std::string_view text);

}  // namespace spillway::qbo
