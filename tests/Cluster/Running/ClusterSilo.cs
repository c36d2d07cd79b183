using LatentDb.Testing;

namespace LatentDb.Cluster.Running;

/// <summary>One place in the cluster: a name and roles, and the process that fills it at the moment.</summary>
/// <param name="name">Of the silo.</param>
/// <param name="roles">What it does.</param>
/// <param name="environment">With the cluster's key.</param>
/// <param name="data">The folder that all share.</param>
/// <param name="options">What all silos are started with.</param>
/// <param name="newPorts">The ways in and out of a process.</param>
/// <param name="database">Connection string, without the host.</param>
public sealed class ClusterSilo(
    string name, string roles, IReadOnlyDictionary<string, string> environment, string data, string[] options, Func<SiloPorts> newPorts, string database) : IAsyncDisposable
{
    /// <summary>Longer than it takes to learn from the others that they have given this silo up, and to end.</summary>
    private static readonly TimeSpan EndLimit = TimeSpan.FromSeconds(20);

    private readonly List<string> _endedOutputs = [];
    private SiloProcess? _process;
    private SiloPorts? _ports;

    public string Name { get; } = name;

    public bool IsStore { get; } = roles.Contains("store", StringComparison.Ordinal);

    /// <summary>Where clients reach the present process, or reached the last one.</summary>
    public Uri Address { get; private set; } = new("http://127.0.0.1:1");

    /// <summary>The process of this moment; null = none.</summary>
    public int? ProcessId => _process?.Id;

    /// <summary>Its ways in and out; those of a new process are whole.</summary>
    public SiloPorts Ports => _ports!;

    /// <summary>What all its processes have printed.</summary>
    public string Output => string.Join("\n---- started again ----\n", [.. _endedOutputs, _process?.Output ?? string.Empty]);

    /// <summary>Starts a process and waits until it listens. The port between silos is another each time, as a new pod's address is.</summary>
    public async Task StartAsync()
    {
        if (_ports is not null) await _ports.DisposeAsync();
        _ports = newPorts();
        _process = await SiloProcess.StartAsync(environment, data, null, ["--silo-name", Name, "--roles", roles, .. _ports.Options(database), .. options]);
        Address = _process.Address;
    }

    /// <summary>SIGKILL.</summary>
    public Task KillAsync() => EndAsync(process => process.KillAsync());

    /// <summary>SIGKILL, without a wait for the end.</summary>
    public void KillNow() => _process?.KillNow();

    /// <summary>SIGTERM; returns when the process has ended by itself, which must be in order.</summary>
    public Task TerminateAsync() => EndAsync(async process => Assert.Equal(0, await process.TerminateAsync()));

    /// <summary>SIGSTOP.</summary>
    public Task PauseAsync() => _process!.PauseAsync();

    /// <summary>SIGCONT.</summary>
    public Task ResumeAsync() => _process!.ResumeAsync();

    /// <summary>
    /// Starts a program again that ends by itself once the others have given it up, as one with -p:Cluster=Orleans does; LATENTDB_TEST_SUPERVISED=1 says
    /// that this is one.
    /// </summary>
    public async Task SuperviseAsync()
    {
        if (Environment.GetEnvironmentVariable("LATENTDB_TEST_SUPERVISED") != "1" || !await _process!.EndsWithinAsync(EndLimit)) return;
        await EndAsync(_ => Task.CompletedTask);
        await StartAsync();
    }

    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _ports, null) is { } ports) await ports.DisposeAsync();
        if (Interlocked.Exchange(ref _process, null) is not { } process) return;
        _endedOutputs.Add(process.Output);
        await process.DisposeAsync();
    }

    private async Task EndAsync(Func<SiloProcess, Task> end)
    {
        SiloProcess process = _process!;
        await end(process);
        _process = null;
        _endedOutputs.Add(process.Output);
        await process.DisposeAsync();
    }
}
