import NimmerOutput
import NimmerPlatform
import NimmerServers

/// Plan of building images: a Containerfile, its targets, the engine and the arguments. A value; the command runs it.
package struct ImagePlan: Equatable, Sendable {
    /// Program that builds images.
    package enum Engine: String, CaseIterable, Sendable { case podman, docker }

    /// The folder that the engine is given.
    package var folder: String
    /// The Containerfile, as seen from the folder.
    package var containerfile: String
    /// The checkout of nimmerverse, which holds `deploy/containers/rootfs.sh`.
    package var project: String
    /// The programs that get an image.
    package var programs: [String]
    package var engine: Engine
    /// Prefix of a program's name: `nimmerverse`, or `registry.example/nimmerverse`.
    package var prefix: String
    package var tag: String
    /// Indicates whether the binaries are built in a container too.
    package var isInContainer: Bool
    /// Revision that the image was built from.
    package var revision: String
    /// Every time in the image, in seconds since 1970.
    package var epoch: String
    /// `epoch` as a date.
    package var created: String

    package init(
        folder: String, containerfile: String, project: String, programs: [String], engine: Engine, prefix: String,
        tag: String, isInContainer: Bool, revision: String, epoch: String, created: String
    ) {
        self.folder = folder
        self.containerfile = containerfile
        self.project = project
        self.programs = programs
        self.engine = engine
        self.prefix = prefix
        self.tag = tag
        self.isInContainer = isInContainer
        self.revision = revision
        self.epoch = epoch
        self.created = created
    }

    /// The names after `FROM runtime AS`, in their order.
    package static func targets(of containerfile: String) -> [String] {
        containerfile.split(separator: "\n").compactMap { line in
            let words = line.split(separator: " ")
            guard words.count == 4, words[0] == "FROM", words[1] == "runtime", words[2] == "AS" else { return nil }
            return String(words[3])
        }
    }

    /// The targets that names ask for: a target, or a cell or nerve by its own name.
    ///
    /// - Throws: ``Failure`` that names what there is.
    package static func choose(_ names: [String], of targets: [String]) throws(Failure) -> [String] {
        if names.isEmpty { return targets }
        var chosen: [String] = []
        for name in names {
            let plain = String(name.map { $0 == "_" ? "-" : $0 })
            guard let target = [plain, plain + "-cell", plain + "-nerve"].first(where: targets.contains) else {
                throw Failure(
                    .usage, "no image is called \(name)",
                    remedy: "there are \(targets.joined(separator: ", "))")
            }
            if !chosen.contains(target) { chosen.append(target) }
        }
        return chosen
    }

    package func image(_ program: String) -> String { "\(prefix)/\(program):\(tag)" }

    /// Builds one program on this machine.
    package func compile(_ program: String) -> ChildCommand {
        ChildCommand(
            "swift", ["build", "-c", "release", "--static-swift-stdlib", "--product", program],
            workingDirectory: folder)
    }

    /// Lays out what the images hold, from binaries in a folder.
    package func layOut(from binaries: String) -> ChildCommand {
        var environment = ChildCommand.inheritedEnvironment
        environment["SOURCE_DATE_EPOCH"] = epoch
        return ChildCommand(
            "sh", [project + "/deploy/containers/rootfs.sh", binaries, folder + "/.build/rootfs"] + programs,
            environment: environment, workingDirectory: folder)
    }

    /// Packs one image.
    package func pack(_ program: String) -> ChildCommand {
        var arguments = ["build", "-f", containerfile, "--target", program, "-t", image(program)]
        var environment = ChildCommand.inheritedEnvironment
        switch engine {
        case .podman: arguments += ["--format", "docker", "--timestamp", epoch]
        case .docker:
            environment["DOCKER_BUILDKIT"] = "1"
            environment["SOURCE_DATE_EPOCH"] = epoch
        }
        var build = ["BINARIES=\(isInContainer ? "built" : "host")", "REVISION=\(revision)", "VERSION=\(tag)"]
        build += ["SOURCE_DATE_EPOCH=\(epoch)", "CREATED=\(created)"]
        if isInContainer { build.append("PROGRAMS=" + programs.joined(separator: " ")) }
        for argument in build { arguments += ["--build-arg", argument] }
        if isInContainer, folder != project { arguments += ["--build-context", "nimmerverse=\(project)"] }
        return ChildCommand(engine.rawValue, arguments + ["."], environment: environment, workingDirectory: folder)
    }

    /// Asks for an image's size in bytes.
    package func size(_ program: String) -> ChildCommand {
        ChildCommand(engine.rawValue, ["image", "inspect", "--format", "{{.Size}}", image(program)])
    }
}
