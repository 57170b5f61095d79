// Holds the published JSON Schema to the reader: same members, same required ones, same bounds, same verdicts.
#include <gtest/gtest.h>

#include <fstream>
#include <set>
#include <sstream>

#include "record_samples.hpp"
#include "schema/json_value.hpp"
#include "schema_check.hpp"

namespace spillway {
namespace {

constexpr Shape kShapes[] = {Shape::contact, Shape::item,    Shape::invoice, Shape::credit_note,
                             Shape::payment, Shape::address, Shape::line,    Shape::application};

const JsonValue& published_schema() {
    static const JsonValue kSchema = [] {
        std::ifstream file(SPILLWAY_SOURCE_DIR "/schema/api/record.schema.json");
        std::stringstream text;
        text << file.rdbuf();
        auto tree = parse_json(text.str());
        EXPECT_TRUE(tree.ok()) << "schema/api/record.schema.json";
        return tree.ok() ? *tree : JsonValue();
    }();
    return kSchema;
}

const JsonValue& definition(std::string_view name) { return published_schema()["$defs"][name]; }

/// What a property refers to: "#/$defs/date" gives "date".
std::string target_of(const JsonValue& property) {
    const std::string reference = property["$ref"].string_or("");
    return reference.substr(std::min(reference.rfind('/') + 1, reference.size()));
}

void expect_array(const JsonValue& property, const Member& member, std::string_view items) {
    EXPECT_EQ(property["type"].text(), "array") << member.name;
    EXPECT_EQ(target_of(property["items"]), items) << member.name;
    EXPECT_EQ(property["minItems"].int64_or(-1), static_cast<std::int64_t>(member.min)) << member.name;
    EXPECT_EQ(property["maxItems"].int64_or(-1), static_cast<std::int64_t>(member.max)) << member.name;
}

void expect_property(const JsonValue& property, const Member& member) {
    switch (member.type) {
        case MemberType::text:
            EXPECT_EQ(target_of(property), "text") << member.name;
            EXPECT_EQ(property["minLength"].int64_or(-1), static_cast<std::int64_t>(member.min)) << member.name;
            EXPECT_EQ(property["maxLength"].int64_or(-1), static_cast<std::int64_t>(member.max)) << member.name;
            return;
        case MemberType::decimal: EXPECT_EQ(target_of(property), "decimal") << member.name; return;
        case MemberType::date: EXPECT_EQ(target_of(property), "date") << member.name; return;
        case MemberType::currency: EXPECT_EQ(target_of(property), "currency") << member.name; return;
        case MemberType::country: EXPECT_EQ(target_of(property), "country") << member.name; return;
        case MemberType::boolean: EXPECT_EQ(property["type"].text(), "boolean") << member.name; return;
        case MemberType::version: EXPECT_EQ(target_of(property), "version") << member.name; return;
        case MemberType::amounts: EXPECT_EQ(target_of(property), "amounts") << member.name; return;
        case MemberType::address: EXPECT_EQ(target_of(property), "address") << member.name; return;
        case MemberType::texts:
            expect_array(property, member, "text");
            EXPECT_EQ(property["items"]["maxLength"].int64_or(-1), static_cast<std::int64_t>(kAddressLineMax));
            return;
        case MemberType::lines: expect_array(property, member, "line"); return;
        case MemberType::applications: expect_array(property, member, "application"); return;
    }
}

TEST(RecordSchema, HasTheMembersOfTheReader) {
    for (const Shape shape : kShapes) {
        SCOPED_TRACE(to_string(shape));
        const JsonValue& object = definition(to_string(shape));
        std::set<std::string> published, read, published_required, read_required;
        for (const JsonMember& property : object["properties"].members()) published.insert(property.name);
        for (const JsonValue& name : object["required"].items()) published_required.insert(std::string(name.text()));
        for (const Member& member : members_of(shape)) {
            EXPECT_TRUE(read.emplace(member.name).second) << member.name;
            if (member.required) read_required.emplace(member.name);
            expect_property(object["properties"][member.name], member);
        }
        EXPECT_EQ(published, read);
        EXPECT_EQ(published_required, read_required);
        EXPECT_FALSE(object["additionalProperties"].bool_or(true));
        EXPECT_EQ(object["type"].text(), "object");
    }
}

TEST(RecordSchema, AcceptsEverySample) {
    for (const RecordKind kind : samples::kKinds) {
        const auto tree = parse_json(samples::of(kind));
        ASSERT_TRUE(tree.ok());
        EXPECT_EQ(schema_fault(published_schema(), definition(to_string(kind)), *tree), "") << to_string(kind);
    }
}

TEST(RecordSchema, RefusesWhatTheReaderRefuses) {
    int refused = 0;
    for (const samples::Fault& fault : samples::shape_faults()) {
        const std::string sample = samples::of(fault.kind);
        const auto tree = parse_json(fault.from == sample ? fault.to : samples::with(sample, fault.from, fault.to));
        if (!tree) {
            EXPECT_FALSE(fault.by_schema) << fault.to;
            continue;
        }
        const std::string found = schema_fault(published_schema(), definition(to_string(fault.kind)), *tree);
        EXPECT_EQ(!found.empty(), fault.by_schema) << fault.to << " at " << fault.pointer << ": " << found;
        refused += found.empty() ? 0 : 1;
    }
    EXPECT_GT(refused, 40);
}

}  // namespace
}  // namespace spillway
