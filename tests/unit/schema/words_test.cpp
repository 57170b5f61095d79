#include <gtest/gtest.h>

#include "schema/error.hpp"
#include "schema/record.hpp"

namespace spillway {
namespace {

TEST(Words, KindsAreReadAsTheyAreWritten) {
    for (const auto kind :
         {RecordKind::contact, RecordKind::item, RecordKind::invoice, RecordKind::credit_note, RecordKind::payment})
        EXPECT_EQ(record_kind_from(to_string(kind)), kind);
    EXPECT_EQ(record_kind_from("bill"), std::nullopt);
    EXPECT_EQ(record_kind_from(""), std::nullopt);
    EXPECT_EQ((Record{CreditNote{}, {}}.kind()), RecordKind::credit_note);
    for (int i = 0; i <= static_cast<int>(ErrorKind::bug); ++i)
        EXPECT_EQ(error_kind_from(to_string(static_cast<ErrorKind>(i))), static_cast<ErrorKind>(i));
}

TEST(References, AreNamedOnceInTheOrderOfMention) {
    CreditNote note;
    note.document.contact = "c";
    for (const char* item : {"i2", "i1", "i2", ""}) {
        Line line;
        if (*item) line.item = item;
        note.document.lines.push_back(line);
    }
    note.applies_to = {{"inv-1", {}}, {"inv-2", {}}};
    const std::vector<Reference> wanted{{RecordKind::contact, "c"},
                                        {RecordKind::item, "i2"},
                                        {RecordKind::item, "i1"},
                                        {RecordKind::invoice, "inv-1"},
                                        {RecordKind::invoice, "inv-2"}};
    EXPECT_EQ(references_of({note, {}}), wanted);
    EXPECT_TRUE(references_of({Contact{}, {}}).empty());
    Payment payment;
    payment.contact = "c";
    payment.applies_to = {{"inv-1", {}}};
    EXPECT_EQ(references_of({payment, {}}),
              (std::vector<Reference>{{RecordKind::contact, "c"}, {RecordKind::invoice, "inv-1"}}));
}

TEST(DocumentOf, IsThereForInvoicesAndCreditNotes) {
    const Record invoice{Invoice{}, {}};
    const Record credit_note{CreditNote{}, {}};
    EXPECT_EQ(document_of(invoice), &std::get<Invoice>(invoice.body).document);
    EXPECT_EQ(document_of(credit_note), &std::get<CreditNote>(credit_note.body).document);
    EXPECT_EQ(document_of({Payment{}, {}}), nullptr);
}

}  // namespace
}  // namespace spillway
