#include "image_preparation.hpp"

#include "busybox_initrd.hpp"
#include "debian_packages.hpp"
#include "file_contents.hpp"
#include "image_source.hpp"

#include <set>

namespace bulkhead::tool {
namespace {

std::set<ImageSource::Kind> kinds_needed(const Session& session,
                                         const SystemDescription& description)
{
    std::set<ImageSource::Kind> kinds;
    for (const DomainDescription& domain : description.domains)
        for (const auto* image : {&domain.kernel, &domain.ramdisk, &domain.device_tree}) {
            if (!image->has_value()) continue;
            const auto source = parse_image_source((*image)->source.value,
                                                   description.file.parent_path(), session.project);
            if (source) kinds.insert(source->kind);
        }
    return kinds;
}

} // namespace

void prepare_images(Session& session, const SystemDescription& description)
{
    const std::set<ImageSource::Kind> kinds = kinds_needed(session, description);
    const DebianPackages packages{session.project, session.progress};
    const bool needs_tree_of_zcu102 =
        kind_of(description.machine) == MachineKind::zcu102 && !description.machine.device_tree;
    if (kinds.contains(ImageSource::Kind::debian_linux) || needs_tree_of_zcu102)
        packages.need_linux();
    if (kinds.contains(ImageSource::Kind::busybox_initrd)) {
        packages.need_busybox();
        write_file_if_changed(
            session.project.debian() / "busybox-initrd.cpio",
            busybox_initrd(read_file(session.project.debian_root() / "bin" / "busybox")));
    }
}

bool runs_own_guests(const Session& session, const SystemDescription& description)
{
    return kinds_needed(session, description).contains(ImageSource::Kind::guest);
}

} // namespace bulkhead::tool
