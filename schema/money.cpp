#include "schema/money.hpp"

#include <array>

namespace spillway {
namespace {

/// Currencies of ISO 4217's list of active codes (state of 2025) by the places of their minor unit. Left out: codes
/// without a minor unit (metals, bond units, testing), which no document is written in.
struct Group {
    int places;
    std::string_view codes;  // separated by single spaces
};

constexpr std::array<Group, 4> kGroups{{
    {2,
     "AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BGN BMD BND BOB BOV BRL BSD BTN BWP BYN BZD CAD CDF CHE CHF CHW "
     "CNY "
     "COP COU CRC CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GTQ GYD HKD HNL HTG HUF IDR ILS "
     "INR "
     "IRR JMD KES KGS KHR KPW KYD KZT LAK LBP LKR LRD LSL MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MXV MYR MZN "
     "NAD "
     "NGN NIO NOK NPR NZD PAB PEN PGK PHP PKR PLN QAR RON RSD RUB SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC "
     "SYP "
     "SZL THB TJS TMT TOP TRY TTD TWD TZS UAH USD USN UYU UZS VED VES WST XAD XCD XCG YER ZAR ZMW ZWG"},
    {0, "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF"},
    {3, "BHD IQD JOD KWD LYD OMR TND"},
    {4, "CLF UYW"},
}};

/// Places of the minor unit; -1 for what is no active code.
int places_of(std::string_view code) {
    if (code.size() != 3 || code.find(' ') != std::string_view::npos) return -1;
    for (const Group& group : kGroups)
        if (group.codes.find(code) != std::string_view::npos) return group.places;
    return -1;
}

}  // namespace

Result<Currency> Currency::parse(std::string_view text) {
    if (places_of(text) < 0) return invalid("bad_currency", "not an active ISO 4217 code in upper case");
    return Currency{std::string(text)};
}

// A code that did not come from parse() is taken to have cents, as nearly all have.
int Currency::places() const {
    const int places = places_of(code);
    return places < 0 ? 2 : places;
}

}  // namespace spillway
