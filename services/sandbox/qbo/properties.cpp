#include "services/sandbox/qbo/properties.hpp"

#include <algorithm>
#include <array>

#include "schema/assert.hpp"

namespace spillway::sandbox::qbo {
namespace {

using enum Shape;

// Members that every object has; the server owns them.
constexpr auto kCommon = std::to_array<Property>({
    {"Id", read_only, 0, true},
    {"SyncToken", read_only},
    {"MetaData", read_only},
    {"MetaData.CreateTime", read_only, 0, true},
    {"MetaData.LastUpdatedTime", read_only, 0, true},
    {"domain", read_only},
    {"sparse", read_only},
    {"status", read_only},
});

constexpr auto kAccount = std::to_array<Property>({
    {"Name", text, 100, true},
    {"FullyQualifiedName", read_only, 0, true},
    {"Active", boolean, 0, true},
    {"SubAccount", boolean, 0, true},
    {"ParentRef", ref},
    {"Description", text, 100, true},
    {"Classification", text, 0, true},
    {"AccountType", text, 0, true},
    {"AccountSubType", text, 0, true},
    {"AcctNum", text, 20},
    {"CurrencyRef", ref},
    {"TaxCodeRef", ref},
    {"CurrentBalance", read_only, 0, true},
    {"CurrentBalanceWithSubAccounts", read_only},
});

constexpr auto kNamed = std::to_array<Property>({
    {"Name", text, 100, true},
    {"Active", boolean, 0, true},
    {"Description", text},
    {"Type", text},
    {"DueDays", number},
    {"RateValue", number},
    {"AgencyRef", ref},
    {"SpecialTaxType", text},
    {"DisplayType", text},
    {"Hidden", boolean},
    {"Taxable", boolean},
    {"TaxGroup", boolean},
    {"SalesTaxRateList", any},
    {"PurchaseTaxRateList", any},
});

// Customer, Vendor and Employee: the union of their properties, which is more generous than each reference page.
constexpr auto kPerson = std::to_array<Property>({
    {"DisplayName", text, 500, true},
    {"Title", text, 16},
    {"GivenName", text, 100, true},
    {"MiddleName", text, 100, true},
    {"FamilyName", text, 100, true},
    {"Suffix", text, 16},
    {"FullyQualifiedName", read_only, 0, true},
    {"CompanyName", text, 100, true},
    {"PrintOnCheckName", text, 110, true},
    {"Active", boolean, 0, true},
    {"Balance", read_only, 0, true},
    {"BalanceWithJobs", read_only},
    {"PrimaryPhone", any},
    {"AlternatePhone", any},
    {"Mobile", any},
    {"Fax", any},
    {"PrimaryEmailAddr", any},
    {"WebAddr", any},
    {"BillAddr", any},
    {"ShipAddr", any},
    {"PrimaryAddr", any},
    {"Notes", text, 2000},
    {"AcctNum", text, 100},
    {"Taxable", boolean},
    {"DefaultTaxCodeRef", ref},
    {"TaxExemptionReasonId", any},
    {"PaymentMethodRef", ref},
    {"SalesTermRef", ref},
    {"TermRef", ref},
    {"ARAccountRef", ref},
    {"APAccountRef", ref},
    {"PreferredDeliveryMethod", text},
    {"CurrencyRef", ref},
    {"ParentRef", ref},
    {"Job", boolean, 0, true},
    {"BillWithParent", boolean},
    {"Level", read_only},
    {"IsProject", boolean},
    {"ClientEntityId", any},
    {"ResaleNum", text, 16},
    {"PrimaryTaxIdentifier", text, 20},
    {"SecondaryTaxIdentifier", text, 20},
    {"BusinessNumber", text},
    {"TaxIdentifier", text, 20},
    {"Vendor1099", boolean},
    {"BillRate", number},
    {"CustomerTypeRef", ref},
    {"OpenBalanceDate", date},
    {"V4IDPseudonym", read_only},
});

constexpr auto kItem = std::to_array<Property>({
    {"Name", text, 100, true},
    {"Sku", text, 100},
    {"Description", text, 4000},
    {"Active", boolean, 0, true},
    {"FullyQualifiedName", read_only, 0, true},
    {"SubItem", boolean, 0, true},
    {"ParentRef", ref},
    {"Level", read_only},
    {"Type", text, 0, true},
    {"Taxable", boolean, 0, true},
    {"SalesTaxIncluded", boolean},
    {"UnitPrice", number},
    {"RatePercent", number},
    {"IncomeAccountRef", ref},
    {"ExpenseAccountRef", ref},
    {"AssetAccountRef", ref},
    {"PurchaseDesc", text, 1000},
    {"PurchaseCost", number},
    {"PurchaseTaxIncluded", boolean},
    {"SalesTaxCodeRef", ref},
    {"PurchaseTaxCodeRef", ref},
    {"TaxClassificationRef", ref},
    {"TrackQtyOnHand", boolean},
    {"QtyOnHand", number},
    {"InvStartDate", date},
    {"ReorderPoint", number},
    {"PrefVendorRef", ref},
    {"ClassRef", ref},
    {"ManPartNum", text},
    {"ItemCategoryType", text},
});

// Invoice and CreditMemo. TotalAmt and PrivateNote are not queryable.
constexpr auto kDocument = std::to_array<Property>({
    {"DocNumber", text, 21, true},
    {"TxnDate", date, 0, true},
    {"DueDate", date, 0, true},
    {"CustomerRef", ref, 0, true},
    {"CurrencyRef", ref},
    {"ExchangeRate", number},
    {"GlobalTaxCalculation", text},
    {"Line", read_only},  // kept apart: see documents.cpp
    {"TxnTaxDetail", read_only},
    {"PrivateNote", text, 4000},
    {"CustomerMemo", any},
    {"BillEmail", any},
    {"BillEmailCc", any},
    {"BillEmailBcc", any},
    {"BillAddr", any},
    {"ShipAddr", any},
    {"ShipFromAddr", any},
    {"FreeFormAddress", boolean},
    {"SalesTermRef", ref, 0, true},
    {"PaymentMethodRef", ref},
    {"PaymentRefNum", text, 21},
    {"InvoiceRef", ref},
    {"ClassRef", ref},
    {"DepartmentRef", ref},
    {"ProjectRef", ref, 0, true},
    {"ShipMethodRef", ref},
    {"ShipDate", date},
    {"TrackingNum", text, 31},
    {"CustomField", any},
    {"AllowIPNPayment", boolean},
    {"AllowOnlinePayment", boolean},
    {"AllowOnlineCreditCardPayment", boolean},
    {"AllowOnlineACHPayment", boolean},
    {"EmailStatus", text},
    {"PrintStatus", text},
    {"ApplyTaxAfterDiscount", boolean},
    {"AutoDocNumber", boolean},
    {"TxnSource", text},
    {"DeliveryInfo", read_only},
    {"InvoiceLink", read_only},
    {"LinkedTxn", read_only},
    {"TotalAmt", read_only},
    {"HomeTotalAmt", read_only},
    {"Balance", read_only, 0, true},
    {"HomeBalance", read_only},
    {"RemainingCredit", read_only},
});

constexpr auto kPayment = std::to_array<Property>({
    {"TotalAmt", number},
    {"CustomerRef", ref, 0, true},
    {"TxnDate", date, 0, true},
    {"PaymentRefNum", text, 21, true},
    {"PaymentMethodRef", ref, 0, true},
    {"DepositToAccountRef", ref},
    {"ARAccountRef", ref},
    {"CurrencyRef", ref},
    {"ExchangeRate", number},
    {"PrivateNote", text, 4000},
    {"Line", read_only},
    {"ProcessPayment", boolean},
    {"TxnSource", text},
    {"CreditCardPayment", any},
    {"ProjectRef", ref},
    {"UnappliedAmt", read_only},
    {"HomeTotalAmt", read_only},
    {"LinkedTxn", read_only},
});

constexpr std::array<KindInfo, kKinds> kInfos{{
    {Kind::account, "Account", "account", true, "Name", kAccount},
    {Kind::term, "Term", "term", false, "Name", kNamed},
    {Kind::payment_method, "PaymentMethod", "paymentmethod", false, "Name", kNamed},
    {Kind::tax_rate, "TaxRate", "taxrate", false, "Name", kNamed},
    {Kind::tax_code, "TaxCode", "taxcode", false, "Name", kNamed},
    {Kind::customer, "Customer", "customer", true, "DisplayName", kPerson},
    {Kind::vendor, "Vendor", "vendor", true, "DisplayName", kPerson},
    {Kind::employee, "Employee", "employee", true, "DisplayName", kPerson},
    {Kind::item, "Item", "item", true, "Name", kItem},
    {Kind::invoice, "Invoice", "invoice", true, "DocNumber", kDocument},
    {Kind::credit_memo, "CreditMemo", "creditmemo", true, "DocNumber", kDocument},
    {Kind::payment, "Payment", "payment", true, "PaymentRefNum", kPayment},
}};

const Property* find_in(std::span<const Property> properties, std::string_view name) {
    const auto found = std::ranges::find(properties, name, &Property::name);
    return found == properties.end() ? nullptr : &*found;
}

}  // namespace

const KindInfo& info(Kind kind) {
    const KindInfo& found = kInfos.at(static_cast<std::size_t>(kind));
    SPILLWAY_ASSERT(found.kind == kind);
    return found;
}

const KindInfo* kind_by_name(std::string_view name) {
    const auto found = std::ranges::find(kInfos, folded(name), &KindInfo::path);
    return found == kInfos.end() ? nullptr : &*found;
}

const Property* find_property(const KindInfo& kind, std::string_view name) {
    const Property* own = find_in(kind.properties, name);
    return own != nullptr ? own : find_in(kCommon, name);
}

std::string folded(std::string_view text) {
    std::string lower(text);
    for (char& c : lower) {
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    }
    return lower;
}

}  // namespace spillway::sandbox::qbo
