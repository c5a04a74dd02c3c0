import DemoUpstream
import Plugins
import Proxy

Sluice.main(plugins: BuiltIn.plugins, commands: [DemoCommand.self, DemoUpstreamCommand.self])
