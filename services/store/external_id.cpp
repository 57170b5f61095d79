#include "services/store/external_id.hpp"

#include "schema/utf8.hpp"

namespace spillway::store {

Result<ExternalId> read_external_id(std::string_view text, std::string_view pointer) {
    const Error bad =
        invalid("bad_external_id", "an external id has 1 to 128 characters, none of them a control character",
                std::string(pointer));
    const auto length = utf8_length(text);
    if (!length || *length == 0 || *length > 128) return bad;
    for (std::string_view rest = text; !rest.empty();) {
        const auto character = first_character(rest);
        const char32_t c = character->code_point;
        if (is_refused_control(c) || c == '\n' || c == '\t') return bad;
        rest.remove_prefix(character->bytes);
    }
    return ExternalId(std::string(text));
}

}  // namespace spillway::store
