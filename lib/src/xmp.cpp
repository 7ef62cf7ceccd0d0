// SPDX-License-Identifier: Apache-2.0
#include "xmp.hpp"

#include <algorithm>
#include <map>
#include <pugixml.hpp>
#include <string_view>

namespace calotype {
namespace {

constexpr std::string_view kRdf = "http://www.w3.org/1999/02/22-rdf-syntax-ns#",
                           kTiff = "http://ns.adobe.com/tiff/1.0/", kExif = "http://ns.adobe.com/exif/1.0/",
                           kXmp = "http://ns.adobe.com/xap/1.0/";

/// Properties that claim what lies behind the picture's own data. An empty name stands for all of the namespace, and
/// others for all that begin so.
struct Claim {
  std::string_view space, name;
  const char* what;
};
constexpr Claim kClaims[] = {
    {"http://ns.google.com/photos/1.0/camera/", "MotionPhoto", "a motion photo"},
    {"http://ns.google.com/photos/1.0/camera/", "MicroVideo", "a motion photo"},
    {"http://ns.google.com/photos/1.0/container/", "", "further pictures or films"},
    {"http://ns.adobe.com/hdr-gain-map/1.0/", "", "a gain map"},
    {"http://ns.apple.com/HDRGainMap/1.0/", "", "a gain map"},
};

/// Without one of these words there is nothing to do, and no need to read the XML.
constexpr std::string_view kWords[] = {"Orientation", "Dimension",  "ImageWidth",   "ImageLength", "Thumbnails",
                                       "MotionPhoto", "MicroVideo", "hdr-gain-map", "HDRGainMap",  "container"};

/// Nested deeper than any packet, and a document becomes dangerous for functions that call themselves, as those of
/// pugixml do.
constexpr int kDeepest = 100;

/// An attribute's or element's namespace and local name.
struct Name {
  std::string_view space, local;
};

/// What prefixes stand for, at the place that has been walked to.
class Namespaces {
 public:
  /// For as long as this lives, an element's declarations hold.
  class Scope {
   public:
    Scope(Namespaces& all, pugi::xml_node element) : all_(all), element_(element) {
      for (const pugi::xml_attribute attribute : element_.attributes())
        if (const auto prefix = declared(attribute)) all_.meanings_[*prefix].push_back(attribute.value());
    }
    ~Scope() {
      for (const pugi::xml_attribute attribute : element_.attributes())
        if (const auto prefix = declared(attribute)) all_.meanings_[*prefix].pop_back();
    }
    Scope(const Scope&) = delete;
    Scope& operator=(const Scope&) = delete;

   private:
    Namespaces& all_;
    pugi::xml_node element_;
  };

  Name name_of(std::string_view qualified) const {
    const std::size_t colon = qualified.find(':');
    const bool plain = colon == std::string_view::npos;
    const auto found = meanings_.find(plain ? std::string_view() : qualified.substr(0, colon));
    if (found == meanings_.end() || found->second.empty()) return {{}, qualified};
    return {found->second.back(), plain ? qualified : qualified.substr(colon + 1)};
  }

 private:
  static std::optional<std::string_view> declared(pugi::xml_attribute attribute) {
    constexpr std::string_view kDeclares = "xmlns:";
    const std::string_view name = attribute.name();
    if (name == "xmlns") return std::string_view();
    if (name.substr(0, kDeclares.size()) != kDeclares) return {};
    return name.substr(kDeclares.size());
  }
  std::map<std::string_view, std::vector<std::string_view>> meanings_;
};

class Editor {
 public:
  explicit Editor(const XmpUpdate& update) : update_(update) {}

  void walk(pugi::xml_node node) {
    for (const pugi::xml_node child : node.children()) {
      const Namespaces::Scope scope(spaces_, child);
      const Name name = spaces_.name_of(child.name());
      if (name.space == kRdf && name.local == "Description")
        describe(child);
      else
        walk(child);
    }
  }
  const XmpChanges& changes() const { return changes_; }

 private:
  void describe(pugi::xml_node description) {
    for (pugi::xml_attribute next, attribute = description.first_attribute(); attribute; attribute = next) {
      next = attribute.next_attribute();
      const Name name = spaces_.name_of(attribute.name());
      if (goes(name))
        description.remove_attribute(attribute);
      else if (const std::string value = value_for(name); !value.empty() && value != attribute.value())
        changes_.changed = attribute.set_value(value.c_str());
    }
    for (pugi::xml_node next, element = description.first_child(); element; element = next) {
      next = element.next_sibling();
      bool taken = false;
      {
        const Namespaces::Scope scope(spaces_, element);
        const Name name = spaces_.name_of(element.name());
        taken = goes(name);
        if (const std::string value = taken ? "" : value_for(name); !value.empty() && value != element.text().get())
          changes_.changed = element.text().set(value.c_str());
      }
      if (taken) description.remove_child(element);
    }
  }

  /// Whether the property is to be taken out.
  bool goes(const Name& name) {
    if (!update_.size) return false;
    if (name.space == kXmp && name.local == "Thumbnails") return changes_.changed = changes_.thumbnail = true;
    for (const Claim& claim : kClaims)
      if (name.space == claim.space && name.local.substr(0, claim.name.size()) == claim.name) {
        if (std::find(changes_.claims.begin(), changes_.claims.end(), claim.what) == changes_.claims.end())
          changes_.claims.emplace_back(claim.what);
        return changes_.changed = true;
      }
    return false;
  }

  /// What the property is to say; "" for all that does not depend on the pixels.
  std::string value_for(const Name& name) const {
    if (name.space == kTiff && name.local == "Orientation") return update_.upright ? "1" : "";
    if (!update_.size) return "";
    const bool width =
        (name.space == kExif && name.local == "PixelXDimension") || (name.space == kTiff && name.local == "ImageWidth");
    const bool height = (name.space == kExif && name.local == "PixelYDimension") ||
                        (name.space == kTiff && name.local == "ImageLength");
    return width ? std::to_string(update_.size->width) : height ? std::to_string(update_.size->height) : "";
  }

  const XmpUpdate& update_;
  Namespaces spaces_;
  XmpChanges changes_;
};

/// Where pugixml leaves its text.
struct Writer : pugi::xml_writer {
  void write(const void* data, std::size_t size) override {
    const auto* from = static_cast<const std::uint8_t*>(data);
    bytes.insert(bytes.end(), from, from + size);
  }
  Bytes bytes;
};

}  // namespace

XmpChanges update_xmp(Bytes& packet, const XmpUpdate& update) {
  const std::string_view text(reinterpret_cast<const char*>(packet.data()), packet.size());
  const auto occurs = [&](std::string_view word) { return text.find(word) != std::string_view::npos; };
  const bool wide = text.substr(0, 4).find('\0') != std::string_view::npos;  // UTF-16, or UTF-32
  if (!wide && std::none_of(std::begin(kWords), std::end(kWords), occurs)) return {};
  struct Shallow : pugi::xml_tree_walker {
    bool for_each(pugi::xml_node&) override { return depth() < kDeepest; }
  } shallow;
  pugi::xml_document document;
  if (!document.load_buffer(packet.data(), packet.size(), pugi::parse_full | pugi::parse_ws_pcdata) ||
      !document.traverse(shallow)) {
    XmpChanges changes;
    changes.changed = changes.broken = update.size.has_value();
    if (changes.broken) packet.clear();
    return changes;
  }
  Editor editor(update);
  editor.walk(document);
  if (editor.changes().changed) {
    if (pugi::xml_node first = document.first_child(); first.type() == pugi::node_declaration)
      first.remove_attribute("encoding");  // which is UTF-8 from now on
    Writer writer;
    document.save(writer, "", pugi::format_raw | pugi::format_no_declaration, pugi::encoding_utf8);
    packet = std::move(writer.bytes);
  }
  return editor.changes();
}

}  // namespace calotype
