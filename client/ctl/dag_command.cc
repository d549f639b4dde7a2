#include <ostream>

#include "client/ctl/project_service.h"
#include "client/frontends/fastflowtransform/dag_site.h"

namespace fft {

int Run(const Session& session, const DagArguments& arguments) {
  const auto project = LoadProject(session, arguments.choice);
  if (!project.ok()) return Report(session, project.status());
  const std::filesystem::path folder = DagFolderOf(*project);
  if (const Status written = WriteDagSite(*project, folder); !written.ok())
    return Report(session, written);
  session.out << (folder / "index.html").string() << '\n';
  return kDone;
}

}  // namespace fft
