// SPDX-License-Identifier: Apache-2.0
#include "xmp.hpp"

#include <algorithm>
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

/// An attribute's or element's namespace and local name.
struct Name {
  std::string_view space, local;
};

Name name_of(const char* qualified, pugi::xml_node scope) {
  const std::string_view whole = qualified;
  const std::size_t colon = whole.find(':');
  const std::string declaration =
      colon == std::string_view::npos ? "xmlns" : "xmlns:" + std::string(whole.substr(0, colon));
  for (; scope; scope = scope.parent())
    if (const pugi::xml_attribute found = scope.attribute(declaration.c_str()))
      return {found.value(), whole.substr(colon == std::string_view::npos ? 0 : colon + 1)};
  return {{}, whole};
}

class Editor {
 public:
  explicit Editor(const XmpUpdate& update) : update_(update) {}

  void walk(pugi::xml_node node) {
    for (pugi::xml_node child = node.first_child(); child; child = child.next_sibling()) {
      const Name name = name_of(child.name(), child);
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
      const Name name = name_of(attribute.name(), description);
      if (goes(name))
        description.remove_attribute(attribute);
      else if (const std::string value = value_for(name); !value.empty() && value != attribute.value())
        changes_.changed = attribute.set_value(value.c_str());
    }
    for (pugi::xml_node next, element = description.first_child(); element; element = next) {
      next = element.next_sibling();
      const Name name = name_of(element.name(), element);
      if (goes(name))
        description.remove_child(element);
      else if (const std::string value = value_for(name); !value.empty() && value != element.text().get())
        changes_.changed = element.text().set(value.c_str());
    }
  }

  /// Whether the property is to be taken out.
  bool goes(const Name& name) {
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
    const bool width =
        (name.space == kExif && name.local == "PixelXDimension") || (name.space == kTiff && name.local == "ImageWidth");
    const bool height = (name.space == kExif && name.local == "PixelYDimension") ||
                        (name.space == kTiff && name.local == "ImageLength");
    return width ? std::to_string(update_.size.width) : height ? std::to_string(update_.size.height) : "";
  }

  const XmpUpdate& update_;
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
  if (std::none_of(std::begin(kWords), std::end(kWords), occurs)) return {};
  pugi::xml_document document;
  if (!document.load_buffer(packet.data(), packet.size(), pugi::parse_full | pugi::parse_ws_pcdata)) {
    packet.clear();
    XmpChanges changes;
    changes.changed = true;
    changes.claims.emplace_back("XMP that is not well-formed");
    return changes;
  }
  Editor editor(update);
  editor.walk(document);
  if (editor.changes().changed) {
    Writer writer;
    document.save(writer, "", pugi::format_raw | pugi::format_no_declaration);
    packet = std::move(writer.bytes);
  }
  return editor.changes();
}

}  // namespace calotype
