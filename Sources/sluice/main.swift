import ActivityReport
import DemoUpstream
import Plugins
import Proxy

Sluice.main(
    plugins: BuiltIn.plugins,
    commands: [ActivityCommand.self, DemoCommand.self, DemoUpstreamCommand.self])
