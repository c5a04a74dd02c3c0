import ActivityReport
import DemoUpstream
import Plugins
import Proxy
import Replay

Sluice.main(
    plugins: BuiltIn.plugins,
    commands: [
        ActivityCommand.self, ReplayCommand.self, DemoCommand.self, DemoUpstreamCommand.self,
    ])
