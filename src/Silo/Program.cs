using LatentDb.MemoryStore.Errors;
using LatentDb.Silo.Composition;

try
{
    if (args is ["cluster", "promote", ..]) return await ClusterPromotion.RunAsync(args[2..]).ConfigureAwait(false);
    if (args is ["cluster", "migrate", ..]) return await ClusterMigration.RunAsync(args[2..]).ConfigureAwait(false);
    if (BackupVerbs.Knows(args)) return await BackupVerbs.RunAsync(args).ConfigureAwait(false);
    WebApplication app = SiloBuilder.Build(args);
    await app.RunAsync().ConfigureAwait(false);
    return Environment.ExitCode;
}
catch (LatentDbException error)
{
    // What an operator can repair is said in one line; anything else is a defect and keeps its stack trace.
    await Console.Error.WriteLineAsync($"latentdb: {error.Code}: {error.Message}").ConfigureAwait(false);
    return 1;
}
catch (OperationCanceledException)
{
    // The stop came while the server was starting; whoever asked for it has set the exit code.
    return Environment.ExitCode;
}
catch (IOException error) when (error.InnerException is Microsoft.AspNetCore.Connections.AddressInUseException)
{
    await Console.Error.WriteLineAsync($"latentdb: address_in_use: {error.Message} Choose another with --urls.").ConfigureAwait(false);
    return 1;
}
