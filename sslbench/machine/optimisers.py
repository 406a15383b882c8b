"""torch's optimisers without torch's compiler: the same code and numbers, but the first one does not import
torch._dynamo.

torch wraps methods of its optimisers so that torch.compile can look into them, and the wrappers import the
compiler at the first call: 4 seconds on one core and 150 MB for something that is not used here.
`inspect.unwrap` gives the method inside; where a version of torch wraps nothing, it gives the method itself.
"""

import inspect

import torch

WRAPPED = ("add_param_group", "zero_grad", "state_dict", "load_state_dict")


def without_compiler(optimiser: type[torch.optim.Optimizer]) -> type[torch.optim.Optimizer]:
    methods = {name: inspect.unwrap(getattr(optimiser, name)) for name in WRAPPED}
    methods["step"] = torch.no_grad()(inspect.unwrap(optimiser.step))  # the wrapper also turned gradients off
    return type(optimiser.__name__, (optimiser,),
                {**methods, "__doc__": optimiser.__doc__, "__module__": __name__})


AdamW = without_compiler(torch.optim.AdamW)
LBFGS = without_compiler(torch.optim.LBFGS)
