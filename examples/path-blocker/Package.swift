// swift-tools-version: 6.2
import PackageDescription

// A proxy of your own: Sluice's engine, its plugins, and one that lives here.
let package = Package(
    name: "path-blocker",
    dependencies: [
        .package(name: "sluice", path: "../..")
    ],
    targets: [
        .target(
            name: "PathBlocker",
            dependencies: [.product(name: "PluginAPI", package: "sluice")]),
        .executableTarget(
            name: "path-blocker",
            dependencies: [
                "PathBlocker",
                .product(name: "Proxy", package: "sluice"),
                .product(name: "Plugins", package: "sluice"),
            ]),
        .testTarget(
            name: "PathBlockerTests",
            dependencies: ["PathBlocker", .product(name: "PluginTesting", package: "sluice")]),
    ]
)
