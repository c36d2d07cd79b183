using LatentDb.MemoryStore.Errors;
using LatentDb.ModelHost.Contracts;
using LatentDb.Silo.Security.Access;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;

namespace LatentDb.Silo.Composition;

/// <summary>Tells a person at the terminal where the server is, which model it serves, and what to try.</summary>
internal sealed partial class StartBanner(
    IServer server, SiloOptions options, IModelHost model, AccessCatalog access, IHostApplicationLifetime lifetime, TimeProvider time, ILogger<StartBanner> logger)
    : BackgroundService
{
    /// <summary>A small model is there in a moment, and its line is worth that; a large one must not keep the address back.</summary>
    private static readonly TimeSpan ModelWait = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan Poll = TimeSpan.FromMilliseconds(20);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var started = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        CancellationTokenRegistration registration = lifetime.ApplicationStarted.Register(() => started.TrySetResult());
        await using (registration.ConfigureAwait(false))
        {
            await started.Task.WaitAsync(stoppingToken).ConfigureAwait(false);
        }

        long start = time.GetTimestamp();
        while (!model.IsReady && !options.Maintenance && time.GetElapsedTime(start) < ModelWait) await Task.Delay(Poll, time, stoppingToken).ConfigureAwait(false);
        Print();
    }

    private void Print()
    {
        string address = server.Features.Get<IServerAddressesFeature>()?.Addresses.FirstOrDefault() ?? options.Urls;
        if (options.LogFormat == "json")
        {
            // Who reads objects from the console gets nothing else there.
            LogListening(address);
            return;
        }

        if (options.Maintenance)
        {
            Console.WriteLine($"LatentDB listens on {address} for maintenance of {Path.GetFullPath(options.Data)}, without a model");
            return;
        }

        string json = access.IsKeyed ? "-H 'content-type: application/json' -H \"authorization: Bearer $LATENTDB_API_KEY\"" : "-H 'content-type: application/json'";
        string keys = access.IsKeyed ? "are needed for everything" : "are not configured: loopback only, tenant \"default\"";
        Console.WriteLine(
            $$"""

            LatentDB listens on {{address}}
              model  {{ModelLine()}}
              data   {{Path.GetFullPath(options.Data)}}
              keys   {{keys}}
              look   {{address}}/ in a browser is the console

            Try:
              curl -s {{address}}/v1/memories {{json}} -d '{"id":"alice"}'
              curl -s {{address}}/v1/memories/alice/inject {{json}} -d '{"text":"Maria lives in Lisbon. Peter works as a baker."}'
              curl -s {{address}}/v1/memories/alice/query {{json}} -d '{"messages":[{"role":"user","content":"Where does Maria live?"}],"max_tokens":8}'

            """);
    }

    private string ModelLine()
    {
        try
        {
            ModelDescription served = model.Describe();
            return $"{served.Name} ({served.Family}, {served.Parameters:N0} parameters, pool {served.PoolRows} rows x {served.Layers} layers) on {served.Backend}";
        }
        catch (LatentDbException error) when (error.Code == ErrorCode.ModelLoading)
        {
            return $"{options.Model} (loading; /readyz tells when it is ready)";
        }
    }

    [LoggerMessage(4201, LogLevel.Information, "LatentDB listens on {Address}")]
    private partial void LogListening(string address);
}
