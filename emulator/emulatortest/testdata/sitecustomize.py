# Azure CLI 2.45 has no setting to switch off MSAL's instance discovery, which
# would send a request to the public cloud; newer releases have core.instance_discovery.
import importlib.abc
import importlib.util
import sys


class WithoutInstanceDiscovery(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path, target=None):
        if name != "msal.application":
            return None
        sys.meta_path.remove(self)
        spec = importlib.util.find_spec(name)
        execute = spec.loader.exec_module

        def exec_module(module):
            execute(module)
            application = module.ClientApplication
            initialize = application.__init__

            def __init__(self, *args, **options):
                options["instance_discovery"] = False
                initialize(self, *args, **options)

            application.__init__ = __init__

        spec.loader.exec_module = exec_module
        return spec


sys.meta_path.insert(0, WithoutInstanceDiscovery())
