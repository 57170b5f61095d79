#pragma once
// What Xero does where its documents disagree or are silent. Each is a switch, so that a caller can be tested on both
// positions; README.md of services/sandbox names them all.

#include <string>

namespace spillway::sandbox::xero {

struct Switches {
    /// A 400 for a whole batch leaves nothing behind (assumed; not proven by a recording).
    bool whole_call_400_atomic = true;
    /// summarizeErrors when it is not sent: the specification says false, documents and a recording say true.
    bool summarize_errors_default = true;
    /// A 400 is replayed by its Idempotency-Key like any other answer (assumed).
    bool cache_validation_errors = true;
    /// The tenant header is part of what "the same request" means (not named in the documents).
    bool key_includes_tenant = false;
    /// Minute and day windows slide (older documents) instead of being fixed per tenant (the limits page).
    bool sliding_window = false;
    /// The word of X-Rate-Limit-Problem for the app-wide limit; "app-minute" is reported too.
    std::string app_minute_word = "appminute";
    /// POST /Contacts with a taken name and no id: matched, or refused as in the specification's 400 example.
    bool post_contact_name_matches = true;
    /// POST /Invoices with a bill's taken number overwrites that bill (reported) instead of creating a second one.
    bool post_bill_overwrites = true;
    /// The bound of If-Modified-Since is part of the result.
    bool modified_since_inclusive = true;
    /// An empty result under If-Modified-Since is 304 instead of an empty list.
    bool modified_since_empty_304 = false;
    /// New objects appear in lists only after so many milliseconds (read-after-write delay is undocumented).
    int read_after_write_ms = 0;
    /// A voided document gives its number free (a deleted draft always does).
    bool void_frees_number = false;
    /// A POST that names an unknown contact or invoice answers 404 for the whole request (recorded), instead of an
    /// error of that element.
    bool unknown_reference_404 = true;
    /// Deleting a payment moves its UpdatedDateUTC.
    bool deleted_payment_moves_stamp = true;
    /// Item writes need accounting.settings (the specification) and not just accounting.invoices (the scopes page).
    bool items_need_settings = false;
    /// Tax and amounts round half to even instead of half away from zero (the mode is undocumented).
    bool round_half_even = false;
    /// Allocations must carry a Date (the specification) although the documents call it computed.
    bool allocation_date_required = false;
    /// Documents with a negative total are refused (assumed).
    bool refuse_negative_totals = true;
    /// http://127.0.0.1 is accepted as redirect address; Xero takes https and http://localhost only.
    bool redirect_loopback_ip = false;
    /// 401 or 403 where the token lacks the scope.
    int insufficient_scope_status = 401;
};

}  // namespace spillway::sandbox::xero
