/// The Containerfile of a new package: the one of nimmerverse's own programs, for this one.
extension Scaffold {
    package var containerfile: String {
        """
        # The image of \(name): one program, the libraries that it links, no shell, unprivileged user (65532).
        #
        #   nimmer image build                    # built on this machine, then packed
        #   nimmer image build --in-container     # everything in the official Swift image
        ARG SWIFT_IMAGE=docker.io/library/swift:6.2-bookworm
        ARG BINARIES=built

        # Binaries built here, from source; --build-context nimmerverse=FOLDER names the checkout that this depends on.
        FROM ${SWIFT_IMAGE} AS built
        # The versions are those of the Swift image's distribution.
        # hadolint ignore=DL3008
        RUN apt-get -q update \\
            && DEBIAN_FRONTEND=noninteractive apt-get -q install -y --no-install-recommends \\
                binutils ca-certificates libcurl4-openssl-dev libnats-dev libpq-dev libssl-dev libyaml-dev pkg-config \\
            && rm -rf /var/lib/apt/lists/*
        COPY --from=nimmerverse . /nimmerverse
        WORKDIR /source
        COPY . .
        ARG SOURCE_DATE_EPOCH=0
        RUN NIMMERVERSE_PACKAGE=/nimmerverse NIMMER_TESTS="" \\
            swift build -c release --static-swift-stdlib --product \(program)
        RUN SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH} \\
            /nimmerverse/deploy/containers/rootfs.sh .build/release /rootfs \(program)

        # Binaries built on the host, laid out by rootfs.sh.
        FROM scratch AS host
        COPY .build/rootfs /rootfs

        # hadolint ignore=DL3006
        FROM ${BINARIES} AS rootfs

        FROM scratch AS runtime
        ARG VERSION=0.0.0
        ARG REVISION=unknown
        ARG CREATED=1970-01-01T00:00:00Z
        COPY --from=rootfs /rootfs/base/ /
        # /var/lib/nimmerverse: a new volume that is mounted there belongs to the program, as this folder does.
        COPY --from=rootfs --chown=65532:65532 /rootfs/state/ /
        ENV NIMMERVERSE_HTTP_PORT=9464 NIMMERVERSE_LOG=json NIMMERVERSE_REVISION=${REVISION}
        EXPOSE 9464
        USER 65532:65532
        STOPSIGNAL SIGTERM
        LABEL org.opencontainers.image.version="${VERSION}" \\
            org.opencontainers.image.revision="${REVISION}" \\
            org.opencontainers.image.created="${CREATED}"

        FROM runtime AS \(program)
        LABEL org.opencontainers.image.title="\(program)"
        COPY --from=rootfs /rootfs/\(program)/ /
        ENTRYPOINT ["/usr/bin/\(program)"]
        HEALTHCHECK --interval=5s --timeout=4s --start-period=30s --retries=3 CMD ["/usr/bin/\(program)", "--health"]

        """
    }

    /// Ignore file of a build in a container.
    package var containerIgnore: String {
        "*\n!Package.swift\n!Sources\n!Tests\n!.build/rootfs\n"
    }
}
