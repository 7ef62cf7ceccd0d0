// SPDX-License-Identifier: Apache-2.0
#include "tiff_files.hpp"

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <stdexcept>

using calotype::Bytes;

namespace {

constexpr int kTile = 16;

struct Memory {
  Bytes bytes;
  std::size_t position = 0;
};

Memory& memory(thandle_t handle) { return *static_cast<Memory*>(handle); }

tmsize_t read(thandle_t handle, void* to, tmsize_t count) {
  Memory& m = memory(handle);
  const std::size_t available = std::min(std::size_t(count), m.bytes.size() - std::min(m.position, m.bytes.size()));
  if (available > 0) std::memcpy(to, m.bytes.data() + m.position, available);
  m.position += available;
  return tmsize_t(available);
}

tmsize_t write(thandle_t handle, void* from, tmsize_t count) {
  Memory& m = memory(handle);
  m.bytes.resize(std::max(m.bytes.size(), m.position + std::size_t(count)));
  if (count > 0) std::memcpy(m.bytes.data() + m.position, from, std::size_t(count));
  m.position += std::size_t(count);
  return count;
}

toff_t seek(thandle_t handle, toff_t offset, int whence) {
  Memory& m = memory(handle);
  return m.position = offset + (whence == SEEK_CUR ? m.position : whence == SEEK_END ? m.bytes.size() : 0);
}

void check(bool good) {
  if (!good) throw std::runtime_error("libtiff cannot write what a test asks for");
}

/// Values one behind the other, the highest bit first.
Bytes packed(const std::vector<std::uint32_t>& values, int bits) {
  Bytes bytes((values.size() * std::size_t(bits) + 7) / 8);
  std::size_t at = 0;
  for (const std::uint32_t value : values)
    for (int bit = bits - 1; bit >= 0; --bit, ++at)
      bytes[at / 8] = std::uint8_t(bytes[at / 8] | (value >> bit & 1) << (7 - at % 8));
  return bytes;
}

/// Of samples from `x` on, `width` pixels; those beyond the picture are 0. Of one plane where `plane` is not negative.
Bytes packed_row(const TiffPage& page, int y, int x, int width, int plane) {
  const cv::Mat& samples = page.samples;
  const int channels = samples.channels(), size = int(samples.elemSize1());
  const int bits = page.bits ? page.bits : 8 * size;
  Bytes row;
  std::vector<std::uint32_t> values;
  for (int i = x; i < x + width; ++i)
    for (int c = 0; c < channels; ++c) {
      if (plane >= 0 && c != plane) continue;
      std::uint8_t value[8] = {};
      if (i < samples.cols && y < samples.rows) std::memcpy(value, samples.ptr(y, i) + c * size, std::size_t(size));
      if (bits == 8 * size || bits == 24) {
        row.insert(row.end(), value, value + bits / 8);
      } else {
        std::uint32_t whole = 0;
        std::memcpy(&whole, value, 4);
        values.push_back(whole);
      }
    }
  return values.empty() ? row : packed(values, bits);
}

void write_plane(TIFF* tiff, const TiffPage& page, int plane) {
  const int height = page.samples.rows, width = page.samples.cols;
  const auto sample = std::uint16_t(std::max(plane, 0));
  if (!page.tiled) {
    for (int y = 0; y < height; ++y) {
      Bytes row = packed_row(page, y, 0, width, plane);
      check(TIFFWriteScanline(tiff, row.data(), std::uint32_t(y), sample) == 1);
    }
    return;
  }
  for (int y = 0; y < height; y += kTile)
    for (int x = 0; x < width; x += kTile) {
      Bytes tile;
      for (int row = y; row < y + kTile; ++row) {
        const Bytes packed = packed_row(page, row, x, kTile, plane);
        tile.insert(tile.end(), packed.begin(), packed.end());
      }
      check(TIFFWriteTile(tiff, tile.data(), std::uint32_t(x), std::uint32_t(y), 0, sample) > 0);
    }
}

void write_page(TIFF* tiff, const TiffPage& page) {
  const cv::Mat& samples = page.samples;
  const bool real = samples.depth() == CV_16F || samples.depth() == CV_32F || samples.depth() == CV_64F;
  TIFFSetField(tiff, TIFFTAG_IMAGEWIDTH, samples.cols);
  TIFFSetField(tiff, TIFFTAG_IMAGELENGTH, samples.rows);
  TIFFSetField(tiff, TIFFTAG_BITSPERSAMPLE, page.bits ? page.bits : int(8 * samples.elemSize1()));
  TIFFSetField(tiff, TIFFTAG_SAMPLEFORMAT, real ? SAMPLEFORMAT_IEEEFP : SAMPLEFORMAT_UINT);
  TIFFSetField(tiff, TIFFTAG_SAMPLESPERPIXEL, samples.channels());
  TIFFSetField(tiff, TIFFTAG_PLANARCONFIG, page.planar ? PLANARCONFIG_SEPARATE : PLANARCONFIG_CONTIG);
  TIFFSetField(tiff, TIFFTAG_PHOTOMETRIC, page.photometric);
  TIFFSetField(tiff, TIFFTAG_COMPRESSION, page.compression);
  if (!page.extra.empty()) TIFFSetField(tiff, TIFFTAG_EXTRASAMPLES, int(page.extra.size()), page.extra.data());
  if (page.tiled) {
    TIFFSetField(tiff, TIFFTAG_TILEWIDTH, kTile);
    TIFFSetField(tiff, TIFFTAG_TILELENGTH, kTile);
  } else {
    TIFFSetField(tiff, TIFFTAG_ROWSPERSTRIP, page.rows_per_strip);
  }
  if (page.more) page.more(tiff);
  if (page.planar)
    for (int plane = 0; plane < samples.channels(); ++plane) write_plane(tiff, page, plane);
  else
    write_plane(tiff, page, -1);
  check(TIFFWriteDirectory(tiff));
}

}  // namespace

Bytes tiff_of(const std::vector<TiffPage>& pages, const std::string& mode) {
  Memory file;
  TIFF* tiff = TIFFClientOpen(
      "test", ("w" + mode).c_str(), &file, read, write, seek, [](thandle_t) { return 0; },
      [](thandle_t handle) { return toff_t(memory(handle).bytes.size()); }, nullptr, nullptr);
  check(tiff);
  for (const TiffPage& page : pages) write_page(tiff, page);
  TIFFClose(tiff);
  return file.bytes;
}

void set_palette(TIFF* tiff, std::vector<std::uint16_t> red, std::vector<std::uint16_t> green,
                 std::vector<std::uint16_t> blue) {
  TIFFSetField(tiff, TIFFTAG_COLORMAP, red.data(), green.data(), blue.data());
}

cv::Mat pattern(const cv::Size& size, int type, int bits) {
  cv::Mat samples(size, type);
  const std::uint32_t most = bits == 32 ? 0xFFFFFFFF : (1u << bits) - 1;
  std::uint32_t state = 1;
  for (int y = 0; y < size.height; ++y)
    for (int i = 0; i < size.width * samples.channels(); ++i) {
      state = state * 1103515245 + 12345;
      const std::uint32_t value = (state >> 8 ^ state << 16) & most;
      switch (samples.depth()) {
        case CV_8U:
          samples.ptr<std::uint8_t>(y)[i] = std::uint8_t(value);
          break;
        case CV_16U:
          samples.ptr<std::uint16_t>(y)[i] = std::uint16_t(value);
          break;
        case CV_32S:
          samples.ptr<std::uint32_t>(y)[i] = value;
          break;
        case CV_32F:
          samples.ptr<float>(y)[i] = float(value) / float(most);
          break;
        default:
          samples.ptr<double>(y)[i] = double(value) / most;
      }
    }
  return samples;
}

std::vector<Bytes> odd_tiffs() {
  const cv::Size size(21, 18);
  std::vector<Bytes> files;
  const auto add = [&](const TiffPage& page, const char* mode = "l") { files.push_back(tiff_of({page}, mode)); };
  const auto predictor = [](int kind) { return [kind](TIFF* tiff) { TIFFSetField(tiff, TIFFTAG_PREDICTOR, kind); }; };
  for (const int scheme : {COMPRESSION_NONE, COMPRESSION_PACKBITS, COMPRESSION_LZW, COMPRESSION_ADOBE_DEFLATE,
                           COMPRESSION_LZMA, COMPRESSION_ZSTD, COMPRESSION_JPEG, COMPRESSION_WEBP, COMPRESSION_LERC}) {
    if (!TIFFIsCODECConfigured(std::uint16_t(scheme))) continue;
    for (const bool tiled : {false, true}) {
      TiffPage page;
      page.samples = pattern(size, CV_8UC3, 8);
      page.photometric = PHOTOMETRIC_RGB;
      page.compression = std::uint16_t(scheme);
      page.tiled = tiled;
      page.rows_per_strip = 8;
      add(page);
      if (scheme != COMPRESSION_WEBP) {
        page.planar = true;
        add(page, tiled ? "8b" : "b");
      }
    }
  }
  for (const int scheme : {COMPRESSION_CCITTRLE, COMPRESSION_CCITTFAX3, COMPRESSION_CCITTFAX4}) {
    TiffPage page;
    page.samples = pattern(size, CV_8UC1, 1);
    page.photometric = PHOTOMETRIC_MINISWHITE;
    page.bits = 1;
    page.compression = std::uint16_t(scheme);
    add(page);
    page.more = [](TIFF* tiff) { TIFFSetField(tiff, TIFFTAG_FILLORDER, FILLORDER_LSB2MSB); };
    add(page);
  }
  for (const int bits : {2, 4, 12, 16, 24, 32}) {
    TiffPage page;
    page.samples = pattern(size, bits <= 8 ? CV_8UC1 : bits <= 16 ? CV_16UC1 : CV_32SC1, bits);
    page.bits = bits;
    add(page, "b");
  }
  for (const int type : {CV_32FC1, CV_32FC3, CV_64FC1}) {
    TiffPage page;
    page.samples = pattern(size, type, 16);
    page.photometric = CV_MAT_CN(type) == 3 ? PHOTOMETRIC_RGB : PHOTOMETRIC_MINISBLACK;
    page.compression = COMPRESSION_LZW;
    page.more = predictor(PREDICTOR_FLOATINGPOINT);
    add(page);
    page.more = {};
    page.compression = COMPRESSION_ADOBE_DEFLATE;
    page.planar = true;
    add(page, "8l");
  }
  {
    TiffPage page;
    page.samples = pattern(size, CV_8UC1, 4);
    page.photometric = PHOTOMETRIC_PALETTE;
    page.bits = 4;
    page.more = [](TIFF* tiff) {
      std::vector<std::uint16_t> ramp(16);
      for (std::size_t i = 0; i < 16; ++i) ramp[i] = std::uint16_t(i * 4369);
      set_palette(tiff, ramp, ramp, ramp);
    };
    add(page);
  }
  for (const int kind : {EXTRASAMPLE_UNSPECIFIED, EXTRASAMPLE_ASSOCALPHA, EXTRASAMPLE_UNASSALPHA})
    for (const int type : {CV_8UC2, CV_16UC4, CV_8UC(5)}) {
      TiffPage page;
      page.samples = pattern(size, type, CV_MAT_DEPTH(type) == CV_8U ? 8 : 16);
      page.photometric = std::uint16_t(CV_MAT_CN(type) == 2   ? PHOTOMETRIC_MINISBLACK
                                       : CV_MAT_CN(type) == 4 ? PHOTOMETRIC_RGB
                                                              : PHOTOMETRIC_SEPARATED);
      page.extra = {std::uint16_t(kind)};
      page.compression = COMPRESSION_LZW;
      page.more = predictor(PREDICTOR_HORIZONTAL);
      add(page);
    }
  for (const int photometric : {PHOTOMETRIC_CIELAB, PHOTOMETRIC_ICCLAB, PHOTOMETRIC_YCBCR}) {
    TiffPage page;
    page.samples = pattern(size, CV_8UC3, 8);
    page.photometric = std::uint16_t(photometric);
    page.more = [](TIFF* tiff) { TIFFSetField(tiff, TIFFTAG_YCBCRSUBSAMPLING, 1, 1); };
    add(page);
    page.compression = COMPRESSION_JPEG;
    page.rows_per_strip = 16;
    page.more = [](TIFF* tiff) { TIFFSetField(tiff, TIFFTAG_JPEGCOLORMODE, JPEGCOLORMODE_RGB); };
    if (photometric == PHOTOMETRIC_YCBCR) add(page);
  }
  {
    TiffPage page;
    page.samples = pattern(size, CV_32FC3, 12);
    page.photometric = PHOTOMETRIC_LOGLUV;
    page.compression = COMPRESSION_SGILOG;
    page.more = [](TIFF* tiff) { TIFFSetField(tiff, TIFFTAG_SGILOGDATAFMT, SGILOGDATAFMT_FLOAT); };
    add(page);
  }
  {
    TiffPage whole, small;
    whole.samples = pattern(size, CV_8UC1, 8);
    small.samples = pattern({5, 4}, CV_8UC1, 8);
    small.more = [](TIFF* tiff) { TIFFSetField(tiff, TIFFTAG_SUBFILETYPE, FILETYPE_REDUCEDIMAGE); };
    whole.more = [](TIFF* tiff) {
      const std::string text = "text";
      TIFFSetField(tiff, TIFFTAG_IMAGEDESCRIPTION, text.c_str());
      TIFFSetField(tiff, TIFFTAG_ORIENTATION, ORIENTATION_RIGHTTOP);
      TIFFSetField(tiff, TIFFTAG_XRESOLUTION, 300.0);
      TIFFSetField(tiff, TIFFTAG_ICCPROFILE, 4, text.c_str());
      TIFFSetField(tiff, TIFFTAG_XMLPACKET, 4, text.c_str());
    };
    files.push_back(tiff_of({small, whole, whole}, "l"));
  }
  return files;
}
