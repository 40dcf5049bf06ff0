# An image that contains only the program, for any user. The default command is the local tenant.
#
#   docker build -t provision .
#   docker run --rm -p 8443:8443 provision
#   docker run --rm -v "$PWD:/work" provision apply manifests/ --verify
FROM golang:1.26 AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY . .
ARG VERSION=dev
RUN CGO_ENABLED=0 go build -trimpath -ldflags "-s -w -X main.version=${VERSION}" -o /provision ./cmd/provision \
	&& mkdir /work

# distroless/static has certificates, a time zone database and the user nonroot, and no shell.
FROM gcr.io/distroless/static-debian12:nonroot
COPY --from=build /provision /usr/local/bin/provision
COPY --from=build --chown=nonroot:nonroot /work /work
WORKDIR /work
EXPOSE 8443
ENTRYPOINT ["/usr/local/bin/provision"]
CMD ["emulator", "--listen", "0.0.0.0:8443"]
