// swift-tools-version: 6.2
import PackageDescription

// Imports run one way:  sluice -> DemoUpstream, ActivityReport -> Proxy -> PluginAPI <- Plugins
//                       sluice -> Replay -> ActivityReport
// Swift packages this one depends on: none. System libraries: libcurl, hiredis.

let swift: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
    .enableUpcomingFeature("ExistentialAny"),
    .treatAllWarnings(as: .error),
]

let package = Package(
    name: "sluice",
    products: [
        .executable(name: "sluice", targets: ["sluice"]),
        .library(name: "Proxy", targets: ["Proxy"]),
        .library(name: "Plugins", targets: ["Plugins"]),
        .library(name: "PluginAPI", targets: ["PluginAPI"]),
        .library(name: "PluginTesting", targets: ["PluginTesting"]),
    ],
    targets: [
        .systemLibrary(
            name: "CCurl", pkgConfig: "libcurl", providers: [.apt(["libcurl4-openssl-dev"])]),
        .systemLibrary(
            name: "CHiredis", pkgConfig: "hiredis", providers: [.apt(["libhiredis-dev"])]),
        .target(name: "CSystem"),
        .target(name: "PluginAPI", dependencies: ["CSystem"], swiftSettings: swift),
        .target(name: "Plugins", dependencies: ["PluginAPI"], swiftSettings: swift),
        .target(
            name: "Proxy", dependencies: ["PluginAPI", "CSystem", "CCurl", "CHiredis"],
            swiftSettings: swift),
        .target(
            name: "PluginTesting", dependencies: ["PluginAPI", "Proxy"], swiftSettings: swift),
        .target(
            name: "DemoUpstream", dependencies: ["PluginAPI", "Proxy"], swiftSettings: swift),
        .target(
            name: "ActivityReport", dependencies: ["PluginAPI", "Proxy"],
            swiftSettings: swift),
        .target(
            name: "Replay", dependencies: ["PluginAPI", "Proxy", "ActivityReport"],
            swiftSettings: swift),
        .executableTarget(
            name: "sluice",
            dependencies: ["Proxy", "Plugins", "DemoUpstream", "ActivityReport", "Replay"],
            swiftSettings: swift),
        .testTarget(name: "PluginAPITests", dependencies: ["PluginAPI"], swiftSettings: swift),
        .testTarget(
            name: "PluginsTests", dependencies: ["Plugins", "PluginTesting"], swiftSettings: swift),
        .testTarget(
            name: "DemoUpstreamTests", dependencies: ["DemoUpstream"], swiftSettings: swift),
        .testTarget(
            name: "ActivityReportTests",
            dependencies: ["ActivityReport", "Plugins", "PluginTesting"],
            swiftSettings: swift),
        .testTarget(
            name: "ReplayTests", dependencies: ["Replay", "Plugins", "PluginTesting"],
            swiftSettings: swift),
        .testTarget(
            name: "ProxyTests", dependencies: ["Proxy", "Plugins"], swiftSettings: swift),
    ]
)
