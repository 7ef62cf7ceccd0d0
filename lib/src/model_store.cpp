// SPDX-License-Identifier: Apache-2.0
#include "calotype/model_store.hpp"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <memory>

#include "calotype/error.hpp"
#include "calotype/io.hpp"
#include "checksum.hpp"
#include "discovery.hpp"
#include "file.hpp"
#include "text.hpp"

namespace calotype {
namespace {

namespace fs = std::filesystem;

constexpr char kLeft[] = ".calotype-";  // begins the names of folders that are being written

Error io_error(const fs::path& path, const std::string& action, const std::error_code& error) {
  return file_error(path.string(), action, error.value());
}

fs::path folder_for_models() {
  const fs::path folder = user_models();
  if (folder.empty())
    throw Error(ErrorCode::usage,
                "there is no folder for models of your own: neither XDG_DATA_HOME nor HOME says where",
                "set one of them to an absolute path");
  std::error_code error;
  fs::create_directories(folder, error);
  if (error) throw io_error(folder, "make", error);
  return folder;
}

/// Those whose writers hold no lock any more.
void remove_left_overs(const fs::path& folder) {
  std::error_code ignored;
  for (const fs::path& path : entries(folder)) {
    if (path.filename().string().rfind(kLeft, 0) != 0) continue;
    const File directory(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (directory.fd() >= 0 && ::flock(directory.fd(), LOCK_EX | LOCK_NB) == 0) fs::remove_all(path, ignored);
  }
}

void write_text(const fs::path& file, const std::string& text) {
  write_file(file.string(), {text.begin(), text.end()});
}

std::string checksum(const fs::path& file) { return xxh128_hex(FileView(file.string())); }

/// The sections in the order of docs/models.md; parts come second.
std::string model_ini(const ModelDraft& draft, const std::string& parts) {
  std::string text;
  for (const char* section : {"model", "part", "input", "output", "tile", "engine"}) {
    std::string lines = section == std::string("part") ? parts : "";
    for (const auto& [key, line] : draft.lines)
      if (key.rfind(section + std::string("."), 0) == 0)
        lines += key.substr(std::string(section).size() + 1) + "=" + line.value + "\n";
    if (!lines.empty()) text += (text.empty() ? "[" : "\n[") + std::string(section) + "]\n" + lines;
  }
  return text;
}

}  // namespace

void check_new_model(const std::string& id) {
  const bool plain = std::all_of(id.begin(), id.end(), [](unsigned char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '_' ||
           c == '-';
  });
  if (id.empty() || !plain || id.front() == '.' || id.front() == '-' || id.size() > 100)
    throw Error(ErrorCode::usage, "\"" + id + "\" cannot be a model's name",
                "use letters, digits, dots, dashes and underscores, a letter or digit first");
  const std::vector<std::string> own = models_of_user(), all = Model::list();
  if (std::find(own.begin(), own.end(), id) != own.end())
    throw Error(ErrorCode::usage, "a model is called \"" + id + "\" already",
                "choose another name, or first \"calotype model remove " + id + "\"");
  if (std::find(all.begin(), all.end(), id) != all.end())
    throw Error(ErrorCode::usage, "a model is called \"" + id + "\" already, and it is not yours",
                "choose another name");
}

/// A folder that others take no notice of, and that goes with this object unless it has got another name.
class StagedModel::Staging {
 public:
  Staging() {
    const fs::path models = folder_for_models();
    remove_left_overs(models);
    std::string name = (models / (kLeft + std::string("XXXXXX"))).string();
    if (!mkdtemp(name.data())) throw file_error(models.string(), "write in", errno);
    path_ = name;
    lock_ = std::make_unique<File>(::open(name.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    ::flock(lock_->fd(), LOCK_EX | LOCK_NB);
  }
  ~Staging() {
    std::error_code ignored;
    if (!path_.empty()) fs::remove_all(path_, ignored);
  }
  Staging(const Staging&) = delete;
  Staging& operator=(const Staging&) = delete;

  const fs::path& path() const { return path_; }
  /// False, with errno, where it cannot have that name.
  bool rename(const fs::path& target) {
    if (::renameat2(AT_FDCWD, path_.c_str(), AT_FDCWD, target.c_str(), RENAME_NOREPLACE) != 0) return false;
    path_.clear();
    return true;
  }

 private:
  fs::path path_;
  std::unique_ptr<File> lock_;
};

StagedModel::StagedModel(const ModelDraft& draft) : id_(draft.lines.at("model.id").value) {
  check_new_model(id_);
  staging_ = std::make_unique<Staging>();
  const fs::path& to = staging_->path();
  std::string parts;
  const auto add = [&](const std::string& part, const std::string& file) {
    parts += part + "=" + file + "\n" + part + "_xxh128=" + checksum(to / file) + "\n";
  };
  const auto copy = [&](const std::string& part, const fs::path& file) {
    std::error_code error;
    fs::copy_file(file, to / file.filename(), error);
    if (error) throw io_error(file, "copy", error);
    add(part, file.filename().string());
  };
  copy("network", draft.network);
  for (const fs::path& companion : draft.companions) {
    copy("weights", companion);
    parts += "network_uses=weights\n";
  }
  if (!draft.labels.empty()) {
    write_text(to / "labels.txt", join(draft.labels, "\n") + "\n");
    add("labels", "labels.txt");
  }
  write_text(to / "model.ini", model_ini(draft, parts));
  using fs::perms;
  std::error_code error;
  fs::permissions(
      to, perms::owner_all | perms::group_read | perms::group_exec | perms::others_read | perms::others_exec, error);
  if (error) throw io_error(to, "write", error);
}

StagedModel::~StagedModel() = default;

const fs::path& StagedModel::folder() const { return staging_->path(); }

fs::path StagedModel::publish() {
  const fs::path target = user_models() / id_;
  if (staging_->rename(target)) return target;
  const int error = errno;
  if (error == EEXIST) check_new_model(id_);  // somebody was faster
  throw file_error(target.string(), "write", error);
}

std::vector<std::string> models_of_user() {
  std::vector<std::string> ids;
  std::error_code unreadable;
  for (const fs::path& entry : entries(user_models()))
    if (entry.filename().string().rfind('.', 0) != 0 && fs::exists(entry / "model.ini", unreadable))
      ids.push_back(entry.filename().string());
  std::sort(ids.begin(), ids.end());
  return ids;
}

void remove_model(const std::string& id) {
  const std::vector<std::string> own = models_of_user();
  if (std::find(own.begin(), own.end(), id) == own.end()) {
    const std::vector<std::string> all = Model::list();
    const std::string near = nearest(id, own);
    const bool foreign = std::find(all.begin(), all.end(), id) != all.end();
    throw Error(ErrorCode::not_found,
                foreign ? "model \"" + id + "\" was not added by \"calotype model add\""
                        : "no model of yours is called \"" + id + "\"",
                foreign        ? "remove its folder yourself if it is yours"
                : near.empty() ? "\"calotype model list\" lists them"
                               : "did you mean \"" + near + "\"?");
  }
  // Out of sight first, so that nobody sees a part of it.
  const fs::path folder = user_models() / id, hidden = user_models() / (kLeft + id);
  std::error_code error;
  fs::remove_all(hidden, error);
  fs::rename(folder, hidden, error);
  if (!error) fs::remove_all(hidden, error);
  if (error) throw io_error(folder, "remove", error);
}

}  // namespace calotype
