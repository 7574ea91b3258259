# The image of the agent: Node, nft 1.0.6, and what these two need of Debian 12; no package manager, and of programs only sh,
# dirname and readlink, for bin/vethguard. For linux/amd64 and linux/arm64:
#   docker buildx build --platform linux/amd64,linux/arm64 --tag NAME .
# By itself it takes the base images that have these tags now; digests are given from outside, `--build-arg NODE_DIGEST=@sha256:...`,
# as .github/workflows/release.yml does with those that it looks up.
ARG NODE_VERSION=24.21.0
ARG NODE_DIGEST=
ARG DEBIAN_VERSION=bookworm
ARG DEBIAN_DIGEST=

# What is the same for every platform: compiled sources.
FROM --platform=$BUILDPLATFORM docker.io/library/node:${NODE_VERSION}-bookworm-slim${NODE_DIGEST} AS compiled
WORKDIR /build
COPY package.json package-lock.json ./
RUN npm ci --ignore-scripts
COPY tsconfig.json tsconfig.build.json ./
COPY src src
RUN npm run build

# Libraries for production; koffi's native part is a package of its own for each platform. Types, sources and maps go.
FROM --platform=$BUILDPLATFORM docker.io/library/node:${NODE_VERSION}-bookworm-slim${NODE_DIGEST} AS libraries
ARG TARGETARCH
WORKDIR /build
COPY package.json package-lock.json scripts/image-libraries.sh ./
RUN sh image-libraries.sh "$TARGETARCH"

# The files of the image beside ours.
FROM docker.io/library/node:${NODE_VERSION}-bookworm-slim${NODE_DIGEST} AS node
FROM docker.io/library/debian:${DEBIAN_VERSION}-slim${DEBIAN_DIGEST} AS root
COPY --from=node /usr/local/bin/node /usr/local/bin/node
COPY scripts/image-root.sh /
RUN sh /image-root.sh /root-of-image

FROM scratch
ARG REVISION=
ARG VERSION=0.1.0
LABEL org.opencontainers.image.title="vethguard" \
      org.opencontainers.image.description="Kubernetes NetworkPolicy enforcement on each pod's veth, with nftables" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.source="https://github.com/vethguard/vethguard" \
      org.opencontainers.image.version="$VERSION" \
      org.opencontainers.image.revision="$REVISION"
COPY --from=root /root-of-image /
COPY --from=libraries /build/node_modules /app/node_modules
COPY --chmod=0555 bin/vethguard /app/bin/vethguard
COPY --chmod=0444 package.json LICENSE /app/
COPY --from=compiled /build/dist /app/dist
ENV PATH=/usr/local/bin:/usr/sbin:/usr/bin NODE_ENV=production
# A user other than root would have no capability to use: the kernel gives NET_ADMIN of a container to root only.
USER 0:0
WORKDIR /
ENTRYPOINT ["vethguard"]
CMD ["agent"]
