// What the control API sees of the model: the ledger, and settings at run time.

#include <nlohmann/json.hpp>
#include <stdexcept>

#include "services/sandbox/xero/model.hpp"

namespace spillway::sandbox::xero {

using nlohmann::json;

namespace {

json contacts_of(const Books& books) {
    json list = json::array();
    for (const auto& [seq, contact] : books.contacts.rows())
        list.push_back({{"id", contact.id}, {"name", contact.name}, {"status", contact.status}});
    return list;
}

json items_of(const Books& books) {
    json list = json::array();
    for (const auto& [seq, item] : books.items.rows())
        list.push_back({{"id", item.id}, {"code", item.code}, {"name", item.name}});
    return list;
}

json documents_of(const Books& books) {
    json list = json::array();
    for (const auto& [seq, document] : books.documents.rows()) {
        const Contact* contact = books.contacts.find(document.contact_id);
        list.push_back({{"id", document.id},
                        {"type", document.credit_note ? "credit_note" : "invoice"},
                        {"number", document.number},
                        {"contact", contact == nullptr ? "" : contact->name},
                        {"date", document.date.to_string()},
                        {"currency", document.currency},
                        {"net", document.sub_total.to_string()},
                        {"tax", document.tax_total.to_string()},
                        {"total", document.total.to_string()},
                        {"status", document.status},
                        {"lines", document.lines.size()}});
    }
    return list;
}

json payments_of(const Books& books) {
    json list = json::array();
    for (const auto& [seq, payment] : books.payments.rows()) {
        const std::string amount = payment.amount.to_string();
        list.push_back({{"id", payment.id},
                        {"amount", amount},
                        {"date", payment.date.to_string()},
                        {"reference", payment.reference},
                        {"status", payment.status},
                        {"applied", json::array({{{"document", books.documents.find(payment.document_id)->number},
                                                  {"amount", amount}}})}});
    }
    return list;
}

json allocations_of(const Books& books) {
    json list = json::array();
    for (const auto& [seq, allocation] : books.allocations.rows())
        list.push_back({{"credit_note", books.documents.find(allocation.credit_note_id)->number},
                        {"invoice", books.documents.find(allocation.invoice_id)->number},
                        {"amount", allocation.amount.to_string()}});
    return list;
}

std::optional<Date> lock_date(const json& value) {
    if (value.is_null()) return std::nullopt;
    const Result<Date> day = Date::parse(value.get<std::string>());
    if (!day) throw std::invalid_argument("a lock date is YYYY-MM-DD or null");
    return *day;
}

}  // namespace

json XeroModel::ledger() const {
    json tenants = json::array();
    for (const auto& books : tenants_)
        tenants.push_back({{"id", books->organisation.id},
                           {"name", books->organisation.name},
                           {"contacts", contacts_of(*books)},
                           {"items", items_of(*books)},
                           {"documents", documents_of(*books)},
                           {"payments", payments_of(*books)},
                           {"allocations", allocations_of(*books)}});
    return {
        {"provider", "xero"},
        {"tenants", std::move(tenants)},
        {"calls", {{"total", calls_.total}, {"throttled", calls_.throttled}, {"by_operation", calls_.by_operation}}}};
}

void XeroModel::configure_switches(const json& settings) {
    const std::map<std::string, bool*> flags{
        {"whole_call_400_atomic", &switches_.whole_call_400_atomic},
        {"summarize_errors_default", &switches_.summarize_errors_default},
        {"cache_validation_errors", &switches_.cache_validation_errors},
        {"key_includes_tenant", &switches_.key_includes_tenant},
        {"post_contact_name_matches", &switches_.post_contact_name_matches},
        {"post_bill_overwrites", &switches_.post_bill_overwrites},
        {"modified_since_inclusive", &switches_.modified_since_inclusive},
        {"modified_since_empty_304", &switches_.modified_since_empty_304},
        {"void_frees_number", &switches_.void_frees_number},
        {"unknown_reference_404", &switches_.unknown_reference_404},
        {"deleted_payment_moves_stamp", &switches_.deleted_payment_moves_stamp},
        {"items_need_settings", &switches_.items_need_settings},
        {"round_half_even", &switches_.round_half_even},
        {"allocation_date_required", &switches_.allocation_date_required},
        {"refuse_negative_totals", &switches_.refuse_negative_totals},
        {"redirect_loopback_ip", &switches_.redirect_loopback_ip},
    };
    for (const auto& [name, value] : settings.items()) {
        if (const auto flag = flags.find(name); flag != flags.end())
            *flag->second = value.get<bool>();
        else if (name == "read_after_write_ms")
            switches_.read_after_write_ms = value.get<int>();
        else if (name == "insufficient_scope_status")
            switches_.insufficient_scope_status = value.get<int>();
        else if (name == "app_minute_word")
            switches_.app_minute_word = value.get<std::string>();
        else if (name == "window" && (value == "fixed" || value == "sliding"))
            switches_.sliding_window = value == "sliding";
        else if (name == "app")
            configure_app(value);
        else if (name == "limits")
            configure_limits(value);
        else if (name == "tenants")
            for (const auto& [tenant, change] : value.items()) configure_tenant(tenant, change);
        else if (name != "revoke_tokens" && name != "expire_access_tokens" && name != "disconnect_tenant")
            throw std::invalid_argument("unknown setting or value: " + name);
    }
}

void XeroModel::configure_app(const json& settings) {
    App app;
    app.client_id = settings.value("client_id", app.client_id);
    const auto known = oauth_->apps.find(app.client_id);
    if (known != oauth_->apps.end()) app = known->second;
    app.secret = settings.value("client_secret", app.secret);
    app.name = settings.value("name", app.name);
    app.tier = settings.value("tier", app.tier);
    app.redirect_uris = settings.value("redirect_uris", app.redirect_uris);
    oauth_->apps[app.client_id] = std::move(app);
}

void XeroModel::configure_limits(const json& settings) {
    const std::map<std::string, std::optional<int>*> sizes{
        {"minute", &minute_}, {"day", &day_}, {"concurrent", &concurrent_}, {"app_minute", &app_minute_}};
    for (const auto& [name, value] : settings.items()) {
        const auto size = sizes.find(name);
        if (size == sizes.end()) throw std::invalid_argument("unknown limit: " + name);
        *size->second = value.is_null() ? std::nullopt : std::optional(value.get<int>());
    }
}

void XeroModel::configure_tenant(const std::string& id_or_name, const json& settings) {
    Books* books = tenant(id_or_name);
    if (books == nullptr) throw std::invalid_argument("unknown tenant: " + id_or_name);
    for (const auto& [name, value] : settings.items()) {
        if (name == "period_lock_date")
            books->organisation.period_lock = lock_date(value);
        else if (name == "end_of_year_lock_date")
            books->organisation.year_end_lock = lock_date(value);
        else if (name == "online")
            books->organisation.online = value.get<bool>();
        else if (name == "currencies")
            books->organisation.currencies = value.get<std::vector<std::string>>();
        else
            throw std::invalid_argument("unknown tenant setting: " + name);
    }
}

void XeroModel::configure_grants(const json& settings) {
    const auto tenant_id = [&](const json& value) {
        const std::string word = value.get<std::string>();
        if (word == "all") return std::string();
        const Books* books = tenant(word);
        if (books == nullptr) throw std::invalid_argument("unknown tenant: " + word);
        return books->organisation.id;
    };
    if (settings.contains("revoke_tokens")) oauth_->revoke(tenant_id(settings["revoke_tokens"]));
    if (settings.contains("disconnect_tenant")) oauth_->disconnect(tenant_id(settings["disconnect_tenant"]));
    if (settings.value("expire_access_tokens", false)) oauth_->expire_access_tokens(seen_);
}

std::string XeroModel::configure(const json& settings) {
    if (!settings.is_object()) return "settings are a JSON object";
    try {
        configure_switches(settings);
        configure_grants(settings);
    } catch (const std::exception& problem) {
        return problem.what();
    }
    return {};
}

}  // namespace spillway::sandbox::xero
