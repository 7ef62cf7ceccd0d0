// SPDX-License-Identifier: Apache-2.0
#include "extended_xmp.hpp"

#include <algorithm>
#include <boost/uuid/detail/md5.hpp>
#include <cstdio>
#include <functional>
#include <map>
#include <pugixml.hpp>

#include "../common/big_endian.hpp"
#include "markers.hpp"

namespace calotype {
namespace {

constexpr std::string_view kRdf = "http://www.w3.org/1999/02/22-rdf-syntax-ns#";
/// The namespace and the property by which a packet names its extension.
constexpr std::string_view kNoteSpace = "http://ns.adobe.com/xmp/note/", kNote = "HasExtendedXMP";
/// A segment of an extension begins with the extension's MD5 in hexadecimal digits, its size and the place of this
/// piece.
constexpr std::size_t kGuid = 32, kPieceHeader = kGuid + 8;

// Packets come from files: nothing here takes longer than in proportion to their size (but for logarithms), or
// recurses.

/// False for what is no XML, or nested deeper than any XMP. White space between elements, with which programs fill
/// packets up, is left out.
bool load(pugi::xml_document& document, std::string_view text) {
  struct Shallow : pugi::xml_tree_walker {
    bool for_each(pugi::xml_node&) override { return depth() < 100; }
  } shallow;
  return document.load_buffer(text.data(), text.size(), pugi::parse_full | pugi::parse_ws_pcdata_single) &&
         document.traverse(shallow);
}

std::string text_of(pugi::xml_node node) {
  struct Writer : pugi::xml_writer {
    void write(const void* data, std::size_t size) override { text.append(static_cast<const char*>(data), size); }
    std::string text;
  } writer;
  node.print(writer, "", pugi::format_raw | pugi::format_no_declaration, pugi::encoding_utf8);
  return std::move(writer.text);
}

std::string_view prefix_of(std::string_view name) {
  const std::size_t colon = name.find(':');
  return colon == std::string_view::npos ? std::string_view() : name.substr(0, colon);
}

std::string_view local_name(std::string_view name) { return name.substr(name.find(':') + 1); }

/// Prefixes and what they stand for.
using Namespaces = std::map<std::string_view, std::string_view>;

void add_declared(Namespaces& spaces, pugi::xml_node node) {
  for (const pugi::xml_attribute attribute : node.attributes()) {
    const std::string_view name = attribute.name();
    if (prefix_of(name) == "xmlns" || name == "xmlns")
      spaces.emplace(name == "xmlns" ? std::string_view() : local_name(name), attribute.value());
  }
}

Namespaces in_scope(pugi::xml_node node) {
  Namespaces spaces;
  for (; node; node = node.parent()) add_declared(spaces, node);
  return spaces;
}

/// The element that holds the descriptions; none where this is no XMP.
pugi::xml_node find_rdf(const pugi::xml_document& document) {
  const auto is_rdf = [](pugi::xml_node node) { return local_name(node.name()) == "RDF"; };
  pugi::xml_node found = document.find_child(is_rdf);
  for (pugi::xml_node outer = document.first_child(); outer && !found; outer = outer.next_sibling())
    found = outer.find_child(is_rdf);
  const Namespaces spaces = in_scope(found);
  const auto space = spaces.find(prefix_of(found.name()));
  return space != spaces.end() && space->second == kRdf ? found : pugi::xml_node();
}

/// Whether an attribute of a description says something, beside what it describes and in which namespaces.
bool is_property(pugi::xml_attribute attribute, pugi::xml_node rdf) {
  const std::string_view prefix = prefix_of(attribute.name());
  return !prefix.empty() && prefix != "xmlns" && prefix != "xml" && prefix != prefix_of(rdf.name());
}

/// Takes out the descriptions that say nothing.
void remove_empty(pugi::xml_node rdf) {
  for (pugi::xml_node next, description = rdf.first_child(); description; description = next) {
    next = description.next_sibling();
    if (!description.first_child() && !description.find_attribute([&](auto each) { return is_property(each, rdf); }))
      rdf.remove_child(description);
  }
}

/// Takes out what names an extension, and returns the name; "" without one.
std::string take_note(pugi::xml_node rdf) {
  std::string guid;
  const Namespaces outer = in_scope(rdf);
  for (pugi::xml_node description : rdf.children()) {
    Namespaces inner;
    add_declared(inner, description);
    const auto is_note = [&](const char* name, const Namespaces& own) {
      if (local_name(name) != kNote) return false;
      for (const auto& spaces : {std::cref(own), std::cref(inner), std::cref(outer)})
        if (const auto space = spaces.get().find(prefix_of(name)); space != spaces.get().end())
          return space->second == kNoteSpace;
      return false;
    };
    const pugi::xml_attribute attribute =
        description.find_attribute([&](pugi::xml_attribute each) { return is_note(each.name(), {}); });
    const pugi::xml_node element = description.find_child([&](pugi::xml_node each) {
      Namespaces own;
      add_declared(own, each);
      return is_note(each.name(), own);
    });
    if (attribute || element) guid = attribute ? attribute.value() : element.text().get();
    description.remove_attribute(attribute);
    description.remove_child(element);
  }
  remove_empty(rdf);
  return guid;
}

/// The extension of this name; "" where any of it is missing.
std::string assemble(const std::string& guid, std::vector<std::string_view> segments) {
  const auto foreign = [&](std::string_view s) { return s.size() < kPieceHeader || s.substr(0, kGuid) != guid; };
  segments.erase(std::remove_if(segments.begin(), segments.end(), foreign), segments.end());
  const auto size = [](std::string_view s) { return big_endian(s.substr(kGuid), 4); };
  const auto place = [](std::string_view s) { return big_endian(s.substr(kGuid + 4), 4); };
  std::stable_sort(segments.begin(), segments.end(), [&](auto a, auto b) { return place(a) < place(b); });
  std::string whole;
  for (const std::string_view segment : segments)
    if (place(segment) == whole.size()) whole += segment.substr(kPieceHeader);
  return !segments.empty() && whole.size() == size(segments.front()) ? whole : "";
}

/// Makes `to` know the prefixes that are in scope at `from`. False where one has another meaning already.
bool declare(pugi::xml_node to, pugi::xml_node from) {
  const Namespaces here = in_scope(to);
  for (const auto& [prefix, space] : in_scope(from)) {
    const auto known = here.find(prefix);
    if (known != here.end() && known->second != space) return false;
    const std::string name = prefix.empty() ? "xmlns" : "xmlns:" + std::string(prefix);
    if (known == here.end()) to.append_attribute(name.c_str()) = std::string(space).c_str();
  }
  return true;
}

/// What a description is about, and the prefixes that it declares; "" where properties are among its attributes.
std::string heading(pugi::xml_node description, pugi::xml_node rdf) {
  std::map<std::string_view, std::string_view> attributes;
  for (const pugi::xml_attribute attribute : description.attributes()) {
    if (is_property(attribute, rdf)) return {};
    attributes.emplace(attribute.name(), attribute.value());
  }
  std::string text(description.name());
  for (const auto& [name, value] : attributes) text.append(1, '\0').append(name).append(1, '\0').append(value);
  return text;
}

/// Adds another packet's descriptions, to those with the same heading where there are any: a packet that is divided and
/// put together time and again stays as it is. False where there are none that can be added.
bool merge(pugi::xml_node rdf, pugi::xml_node extension) {
  if (!extension || !declare(rdf, extension)) return false;
  std::map<std::string, pugi::xml_node> known;
  for (const pugi::xml_node description : rdf.children()) known.emplace(heading(description, rdf), description);
  known.erase("");
  for (const pugi::xml_node description : extension.children()) {
    const auto same = known.find(heading(description, extension));
    if (same == known.end())
      rdf.append_copy(description);
    else
      for (const pugi::xml_node element : description.children()) same->second.append_copy(element);
  }
  return true;
}

std::string md5(const std::string& text) {
  boost::uuids::detail::md5 hash;
  hash.process_bytes(text.data(), text.size());
  boost::uuids::detail::md5::digest_type digest;
  hash.get_digest(digest);
  std::string digits;
  for (const auto word : digest) {
    char hex[9];
    std::snprintf(hex, sizeof hex, "%0*X", int(2 * sizeof word), unsigned(word));
    digits += hex;
  }
  return digits;
}

/// One property of a description: an attribute, or an element.
struct Property {
  pugi::xml_node description;
  pugi::xml_attribute attribute;
  pugi::xml_node element;
  std::size_t size;
};

/// The largest first.
std::vector<Property> properties_of(pugi::xml_node rdf) {
  std::vector<Property> all;
  for (const pugi::xml_node description : rdf.children()) {
    for (const pugi::xml_attribute attribute : description.attributes())
      if (is_property(attribute, rdf)) {
        const std::string_view name = attribute.name(), value = attribute.value();
        all.push_back({description, attribute, {}, name.size() + value.size() + std::string_view(" =\"\"").size()});
      }
    for (const pugi::xml_node element : description.children())
      if (element.type() == pugi::node_element) all.push_back({description, {}, element, text_of(element).size()});
  }
  std::stable_sort(all.begin(), all.end(), [](const Property& a, const Property& b) { return a.size > b.size; });
  return all;
}

/// The packet that properties are moved to, as elements. Each description has a counterpart there.
class Extension {
 public:
  explicit Extension(pugi::xml_node rdf) : from_(rdf) {
    pugi::xml_node outer = document_.append_child("x:xmpmeta");
    outer.append_attribute("xmlns:x") = "adobe:ns:meta/";
    rdf_ = outer.append_child(rdf.name());
    declare(rdf_, rdf);
  }
  void move(const Property& property) {
    pugi::xml_node from = property.description;
    pugi::xml_node& to = counterparts_[from.internal_object()];
    if (!to) {
      to = rdf_.append_child(from.name());
      for (const pugi::xml_attribute attribute : from.attributes())
        if (!is_property(attribute, from_)) to.append_copy(attribute);
    }
    if (property.attribute)
      to.append_child(property.attribute.name()).text() = property.attribute.value();
    else
      to.append_copy(property.element);
    from.remove_attribute(property.attribute);
    from.remove_child(property.element);
  }
  std::string text() const { return text_of(document_); }

 private:
  pugi::xml_node from_, rdf_;
  pugi::xml_document document_;
  std::map<const void*, pugi::xml_node> counterparts_;
};

/// Adds what names an extension, and returns where the name is to be written.
pugi::xml_attribute add_note(pugi::xml_node rdf) {
  const std::string prefix(std::string_view(rdf.name()).substr(0, std::string_view(rdf.name()).find("RDF")));
  const pugi::xml_attribute about = rdf.first_child().attribute((prefix + "about").c_str());
  pugi::xml_node note = rdf.append_child((prefix + "Description").c_str());
  note.append_attribute((prefix + "about").c_str()) = about.value();
  note.append_attribute("xmlns:xmpNote") = std::string(kNoteSpace).c_str();
  pugi::xml_attribute name = note.append_attribute(("xmpNote:" + std::string(kNote)).c_str());
  name = std::string(kGuid, '0').c_str();
  return name;
}

}  // namespace

Bytes join_xmp(const Bytes& packet, const std::vector<std::string_view>& extension_segments, Losses& lost) {
  const std::string_view text(reinterpret_cast<const char*>(packet.data()), packet.size());
  if (extension_segments.empty() && text.find(kNote) == std::string_view::npos) return packet;
  pugi::xml_document document, extension;
  pugi::xml_node rdf;
  bool whole = false;
  if (load(document, text) && (rdf = find_rdf(document))) {
    const std::string found = assemble(take_note(rdf), extension_segments);
    whole = load(extension, found) && merge(rdf, find_rdf(extension));
  }
  if (!whole) lost.add(LossKind::xmp, "the extension of XMP is damaged or missing, and is left out");
  if (!rdf) return packet;
  const std::string joined = text_of(document);
  return {joined.begin(), joined.end()};
}

std::optional<SplitXmp> split_xmp(const Bytes& packet) {
  constexpr std::size_t kMost = max_segment - xmp_prefix.size(),
                        kPiece = max_segment - extended_xmp_prefix.size() - kPieceHeader;
  pugi::xml_document document;
  if (!load(document, {reinterpret_cast<const char*>(packet.data()), packet.size()})) return {};
  pugi::xml_node rdf = find_rdf(document);
  if (!rdf) return {};
  SplitXmp result{text_of(document), {}};
  if (result.packet.size() <= kMost) return result;
  take_note(rdf);
  const std::vector<Property> properties = properties_of(rdf);
  pugi::xml_attribute note = add_note(rdf);
  std::size_t size = text_of(document).size();
  Extension extension(rdf);
  for (const Property& property : properties) {
    if (size <= kMost) break;
    extension.move(property);
    size -= property.size;
  }
  remove_empty(rdf);
  const std::string text = extension.text(), guid = md5(text);
  note = guid.c_str();
  result.packet = text_of(document);
  if (result.packet.size() > kMost || text.size() > std::numeric_limits<std::uint32_t>::max()) return {};
  for (std::size_t at = 0; at < text.size(); at += kPiece)
    result.extension.push_back(guid + big_endian(std::uint32_t(text.size()), 4) + big_endian(std::uint32_t(at), 4) +
                               text.substr(at, kPiece));
  return result;
}

}  // namespace calotype
