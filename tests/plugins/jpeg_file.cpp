// SPDX-License-Identifier: Apache-2.0
#include "jpeg_file.hpp"

#include <cstdio>
// clang-format off
#include <jpeglib.h>  // needs FILE
// clang-format on
#include <algorithm>
#include <cstdlib>
#include <opencv2/core.hpp>

#include "support.hpp"

using namespace calotype;
using namespace std::string_literals;

namespace jpeg_file {
namespace {

constexpr int kEnd = 0xD9, kScan = 0xDA;

void append(Bytes& file, const Segment& segment) {
  const std::string bytes = "\xFF"s + char(segment.marker) + number(segment.data.size() + 2, 2) + segment.data;
  file.insert(file.end(), bytes.begin(), bytes.end());
}

}  // namespace

const std::string photoshop = "Photoshop 3.0\0"s, exif = "Exif\0\0"s, xmp = "http://ns.adobe.com/xap/1.0/\0"s,
                  extended_xmp = "http://ns.adobe.com/xmp/extension/\0"s;

Bytes make(const cv::Mat& pixels, const Options& options) {
  jpeg_compress_struct codec;
  jpeg_error_mgr errors;
  codec.err = jpeg_std_error(&errors);
  jpeg_create_compress(&codec);
  unsigned char* file = nullptr;
  unsigned long size = 0;
  jpeg_mem_dest(&codec, &file, &size);
  codec.image_width = JDIMENSION(pixels.cols);
  codec.image_height = JDIMENSION(pixels.rows);
  codec.input_components = pixels.channels();
  codec.in_color_space = pixels.channels() == 1 ? JCS_GRAYSCALE : pixels.channels() == 3 ? JCS_EXT_BGR : JCS_CMYK;
  jpeg_set_defaults(&codec);
  if (options.ycck) jpeg_set_colorspace(&codec, JCS_YCCK);
  jpeg_set_quality(&codec, 90, TRUE);
  codec.arith_code = options.arithmetic;
  codec.restart_in_rows = options.restart_rows;
  std::vector<jpeg_scan_info> scans;
  if (options.progressive) {
    jpeg_simple_progression(&codec);
  } else if (!options.interleaved) {
    for (int c = 0; c < pixels.channels(); ++c) scans.push_back({1, {c, 0, 0, 0}, 0, DCTSIZE2 - 1, 0, 0});
    codec.scan_info = scans.data();
    codec.num_scans = int(scans.size());
  }
  jpeg_start_compress(&codec, TRUE);
  while (codec.next_scanline < codec.image_height) {
    JSAMPROW row = const_cast<JSAMPROW>(pixels.ptr(int(codec.next_scanline)));
    jpeg_write_scanlines(&codec, &row, 1);
  }
  jpeg_finish_compress(&codec);
  jpeg_destroy_compress(&codec);
  const Bytes bytes(file, file + size);
  std::free(file);
  return bytes;
}

std::vector<Segment> segments(const Bytes& file) {
  std::vector<Segment> found;
  for (std::size_t at = 2; file[at + 1] != kScan;) {
    const std::size_t size = std::size_t(file[at + 2]) << 8 | file[at + 3];
    found.push_back({file[at + 1], std::string(&file[at + 4], &file[at + 2 + size])});
    at += 2 + size;
  }
  return found;
}

Bytes with(const Bytes& file, const std::vector<Segment>& added) {
  constexpr std::size_t kHeader = 2 + 18;  // SOI and JFIF
  Bytes result(file.begin(), file.begin() + kHeader);
  for (const Segment& segment : added) append(result, segment);
  result.insert(result.end(), file.begin() + kHeader, file.end());
  return result;
}

Bytes with_trailer(Bytes file, const Bytes& trailer) {
  file.insert(file.end(), trailer.begin(), trailer.end());
  return file;
}

Bytes without_last(Bytes file, std::size_t count) {
  file.resize(file.size() - count);
  return file;
}

std::size_t find(const Bytes& file, int marker, std::size_t at) {
  const std::uint8_t wanted[] = {0xFF, std::uint8_t(marker)};
  return std::size_t(std::search(file.begin() + std::ptrdiff_t(at), file.end(), wanted, wanted + 2) - file.begin());
}

std::string number(std::uint64_t value, int bytes) {
  std::string text(std::size_t(bytes), '\0');
  for (auto byte = text.rbegin(); byte != text.rend(); ++byte, value >>= 8) *byte = char(value);
  return text;
}

std::string resource(int id, const std::string& data, const std::string& name, const std::string& signature) {
  const auto even = [](std::string text) { return text.size() % 2 ? text + '\0' : text; };
  return signature + number(std::uint64_t(id), 2) + even(char(name.size()) + name) + number(data.size(), 4) +
         even(data);
}

std::string packet(const std::string& attributes, const std::string& elements) {
  return "<?xpacket begin='\xEF\xBB\xBF' id='W5M0MpCehiHzreSzNTczkc9d'?><x:xmpmeta xmlns:x='adobe:ns:meta/'><rdf:RDF "
         "xmlns:rdf='http://www.w3.org/1999/02/22-rdf-syntax-ns#'><rdf:Description rdf:about='' "
         "xmlns:dc='http://purl.org/dc/elements/1.1/' xmlns:xmpNote='http://ns.adobe.com/xmp/note/' " +
         attributes + ">" + elements + "</rdf:Description></rdf:RDF></x:xmpmeta><?xpacket end='w'?>";
}

Bytes full(bool progressive) {
  Options options;
  options.progressive = progressive;
  options.restart_rows = 1;
  const std::string guid(32, 'A'), extension = packet("dc:source='b'"), half = extension.substr(0, 100),
                                   rest = extension.substr(100);
  const auto piece = [&](const std::string& data, std::size_t at) {
    return Segment{0xE1, extended_xmp + guid + number(extension.size(), 4) + number(at, 4) + data};
  };
  const std::string tiff = "II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0\x06\0\0\0\0\0\0\0"s;
  const std::string resources = resource(0x0404,
                                         "\x1C\x02\x78\0\x03"
                                         "abc"s) +
                                resource(0x03ED, std::string(16, 1)) + resource(0x040C, "thumbnail") +
                                resource(2000, "path", "name");
  const Bytes trailer = {'0', '0', 'f', 't', 'y', 'p', 0xFF, 0xD8, 0xFF, 0xE0, 0, 4, 1, 2, 0xFF, 0xD9};
  return with_trailer(with(make(picture({23, 37}, 3, CV_8U).pixels, options),
                           {{0xE0, "JFXX\0\x10thumbnail"s},
                            {0xE1, exif + tiff},
                            {0xE1, xmp + packet("xmpNote:HasExtendedXMP='" + guid + "'", "<dc:title>a</dc:title>")},
                            piece(rest, 100),
                            piece(half, 0),
                            {0xED, photoshop + resources.substr(0, 40)},
                            {0xED, photoshop + resources.substr(40)},
                            {0xE2, "ICC_PROFILE\0\x02\x02"s + std::string(100, 'b')},
                            {0xE2, "ICC_PROFILE\0\x01\x02"s + std::string(100, 'a')},
                            {0xE2, "MPF\0II*\0"s},
                            {0xEB, "JP\0\x01\0\0\0\x01\0\0\0\x10jumb"s},
                            {0xFE, "a comment"},
                            {0xFE, "caf\xE9"}}),
                      trailer);
}

}  // namespace jpeg_file
