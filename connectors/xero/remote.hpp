#pragma once
// Xero's elements as they are read: what of them is ours, as a hash, and as RemoteObject.

#include "connectors/provider.hpp"
#include "schema/json_value.hpp"

namespace spillway::xero {

/// The fields that a body writes, one letter each: what we own of the object.
std::string owned_fields(std::string_view entity, const JsonValue& body);
/// "<fields>:<hash>" of those fields as they stand in an element. Two elements that hold the same there have the same
/// hash.
std::string owned_hash(std::string_view entity, const JsonValue& element, std::string_view fields);
/// The letters of such a hash.
std::string_view fields_of(std::string_view hash);

/// Whether `element` holds everything that `body` says; numbers by value, dates by day, lists by position. Its status
/// does not count: Xero moves it on when a document is paid.
bool holds(const JsonValue& element, const JsonValue& body);

/// Every object of an answer, nested allocations included; sales documents only.
std::vector<RemoteObject> remote_objects(const JsonValue& answer);

/// "<CreditNoteID>/<InvoiceID>": an allocation's name. Of one credit note at most one of ours goes to an invoice.
std::string allocation_id(std::string_view credit_note, std::string_view invoice);

}  // namespace spillway::xero
