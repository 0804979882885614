# SPDX-FileCopyrightText: 2026 The stapled authors
# SPDX-License-Identifier: Apache-2.0

# A static binary on an empty base. It runs as a user without privileges, and
# /data is where a stack or an identity is kept:
#
#   docker build -t stapled .
#   docker run --rm -v stapled:/data stapled up --dir /data/stack
FROM golang:1.26 AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY . .
RUN CGO_ENABLED=0 go build -trimpath -ldflags '-s -w' -o /out/stapled ./cmd/stapled \
 && mkdir -m 0700 /out/data

FROM scratch
COPY --from=build /out/stapled /usr/local/bin/stapled
COPY --from=build --chown=65532:65532 /out/data /data
COPY LICENSE /LICENSE
USER 65532:65532
WORKDIR /data
ENTRYPOINT ["/usr/local/bin/stapled"]
