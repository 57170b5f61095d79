#include "services/spillway/consent.hpp"

#include <algorithm>

#include "connectors/http/origin.hpp"

namespace spillway::cli {
namespace {

std::string unescaped(std::string_view text) {
    static constexpr std::pair<std::string_view, char> kEntities[] = {
        {"&lt;", '<'}, {"&gt;", '>'}, {"&quot;", '"'}, {"&#39;", '\''}, {"&amp;", '&'}};
    std::string out;
    while (!text.empty()) {
        const auto* entity =
            std::ranges::find_if(kEntities, [&](const auto& one) { return text.starts_with(one.first); });
        const bool found = entity != std::end(kEntities);
        out += found ? entity->second : text.front();
        text.remove_prefix(found ? entity->first.size() : 1);
    }
    return out;
}

/// The value of an attribute inside one tag; empty where it has none.
std::string attribute(std::string_view tag, std::string_view name) {
    const std::string wanted = " " + std::string(name) + "=\"";
    const auto at = tag.find(wanted);
    if (at == std::string_view::npos) return {};
    const auto value = tag.substr(at + wanted.size());
    return unescaped(value.substr(0, value.find('"')));
}

/// One choice of an organisation: a radio button or an option.
struct Choice {
    std::string field, value, label;
    bool preselected = false;
};

class Page {
 public:
    explicit Page(std::string_view html) {
        while (!html.empty()) {
            const auto open = html.find('<');
            if (open == std::string_view::npos) break;
            const auto close = html.find('>', open);
            if (close == std::string_view::npos) break;
            const auto text = html.substr(close + 1, html.find('<', close) - close - 1);
            tag(html.substr(open + 1, close - open - 1), unescaped(text));
            html.remove_prefix(close + 1);
        }
    }

    ConsentForm form;
    std::vector<Choice> choices;

 private:
    void tag(std::string_view tag, const std::string& text) {
        const std::string_view name = tag.substr(0, tag.find(' '));
        if (name == "form") form.action = attribute(tag, "action");
        if (name == "select") select_ = attribute(tag, "name");
        if (name == "option") add_choice(select_, tag, text);
        if (name != "input") return;
        const std::string type = attribute(tag, "type");
        if (type == "hidden") form.fields.emplace_back(attribute(tag, "name"), attribute(tag, "value"));
        if (type == "radio") add_choice(attribute(tag, "name"), tag, text);
    }
    void add_choice(const std::string& field, std::string_view tag, const std::string& text) {
        const bool preselected = tag.ends_with(" checked") || tag.ends_with(" selected");
        const auto first = std::min(text.find_first_not_of(' '), text.size());
        choices.push_back({field, attribute(tag, "value"), text.substr(first), preselected});
    }
    std::string select_;
};

}  // namespace

Result<ConsentForm> read_consent_form(std::string_view html, std::string_view organisation) {
    Page page(html);
    if (page.form.action.empty()) return invalid("no_form", "the consent page has no form");
    const auto wanted = [&](const Choice& choice) {
        return organisation.empty() ? choice.preselected : choice.value == organisation || choice.label == organisation;
    };
    auto chosen = std::ranges::find_if(page.choices, wanted);
    if (chosen == page.choices.end() && organisation.empty()) chosen = page.choices.begin();
    if (chosen == page.choices.end() && !organisation.empty())
        return invalid("no_such_organisation",
                       "the consent page offers no organisation '" + std::string(organisation) + "'");
    if (chosen != page.choices.end()) page.form.fields.emplace_back(chosen->field, chosen->value);
    page.form.fields.emplace_back("decision", "allow");
    return std::move(page.form);
}

std::pair<std::string, std::string> split_url(std::string_view url) {
    const auto host = url.find("://");
    if (host == std::string_view::npos) return {};
    const auto path = std::min(url.find_first_of("/?", host + 3), url.size());
    std::string target(url.substr(path));
    if (!target.starts_with('/')) target.insert(0, "/");
    return {std::string(url.substr(0, path)), std::move(target)};
}

bool is_local(std::string_view url) {
    const auto origin = connectors::parse_origin(split_url(url).first);
    if (!origin) return false;
    // A name may begin with 127. and lead anywhere: only digits and dots make an address.
    const bool loopback =
        origin->host.starts_with("127.") && origin->host.find_first_not_of("0123456789.") == std::string::npos;
    return loopback || origin->host == "localhost" || origin->host == "::1";
}

Result<std::string> give_consent(Client& client, const std::string& url, std::string_view organisation) {
    if (!is_local(url)) return invalid("not_local", "--auto-consent is for the sandbox on this machine; open " + url);
    const auto [origin, target] = split_url(url);
    HttpRequest ask;
    ask.target = target;
    const Result<HttpResponse> page = client.send(origin, std::move(ask));
    if (!page.ok()) return page.error();
    if (page->status != 200) return invalid("no_form", "the consent page answered " + std::to_string(page->status));
    Result<ConsentForm> form = read_consent_form(page->body, organisation);
    if (!form.ok()) return form.error();
    HttpRequest allow;
    allow.method = "POST";
    allow.target = form->action;
    allow.headers.set("Content-Type", "application/x-www-form-urlencoded");
    allow.body = encode_form(form->fields);
    const Result<HttpResponse> answer = client.send(origin, std::move(allow));
    if (!answer.ok()) return answer.error();
    const auto location = answer->headers.find("Location");
    if (answer->status != 302 || !location)
        return invalid("no_form", "the consent page did not redirect: " + std::to_string(answer->status));
    return std::string(*location);
}

}  // namespace spillway::cli
