#pragma once
// What Xero's refusals mean: its words to a code, advice, and whether a name or number is taken.

#include <string>
#include <string_view>

namespace spillway::xero {

struct Refusal {
    std::string_view fragment;  ///< the stable part of Xero's sentence, compared without regard to case
    std::string_view code;
    std::string_view advice;
    bool taken = false;
};

/// The entry for Xero's words; one with code "refused" where none fits.
const Refusal& refusal_for(std::string_view message);

}  // namespace spillway::xero
