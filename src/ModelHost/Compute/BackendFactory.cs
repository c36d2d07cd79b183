using LatentDb.MemoryStore.Errors;
using LatentDb.ModelHost.Compute.Cpu;
#if TORCH
using LatentDb.ModelHost.Compute.Torch;
#endif

namespace LatentDb.ModelHost.Compute;

/// <summary>The back ends of this build by the name that the option Backend has.</summary>
internal static class BackendFactory
{
    public const string Cpu = "cpu";
    public const string Cuda = "cuda";

    /// <summary>The library's own kernels on the processor: to check the back end for GPUs where there is none.</summary>
    public const string TorchCpu = "torch-cpu";

    public static bool Knows(string name) => name is Cpu or Cuda or TorchCpu;

    /// <param name="name">One that <see cref="Knows"/> says yes to.</param>
    /// <param name="threads">On the processor.</param>
    /// <exception cref="LatentDbException">configuration_invalid: the build leaves that back end out.</exception>
    public static IComputeBackend Create(string name, int threads) => name switch
    {
        Cpu => new CpuBackend(new CpuBackendOptions { Threads = threads }),
#if TORCH
        Cuda => new TorchBackend(isGpu: true, threads),
        TorchCpu => new TorchBackend(isGpu: false, threads),
#endif
        _ => throw new LatentDbException(ErrorCode.ConfigurationInvalid, $"The back end '{name}' is not in this build; build with -p:Torch=cuda or -p:Torch=cpu."),
    };
}
