using System.CommandLine;
using System.Globalization;
using LatentDb.Cli.Output;
using LatentDb.Cli.Settings;
using LatentDb.Client.Models;

namespace LatentDb.Cli.Commands.Access;

/// <summary>tenants create | list | get | update | suspend | resume | delete, for operators.</summary>
internal static class Tenants
{
    public static Command Create(CliSettings settings) => new("tenants", "Make, limit, suspend and take away tenants; for operators.")
    {
        CreateOne(settings),
        List(settings),
        Get(settings),
        Limit(settings),
        Suspend(settings, "suspend", "Let its keys open nothing until 'resume'; its memories stay.", suspended: true),
        Suspend(settings, "resume", "Let its keys in again.", suspended: false),
        Delete(settings),
    };

    private static Command CreateOne(CliSettings settings)
    {
        Argument<string> id = Id();
        var limits = new LimitOptions();
        var command = new Command("create", "Make a tenant; keys for it are made by 'keys create --tenant ID'.") { id };
        limits.AddTo(command);
        command.Runs(settings, async (client, output, parsed, cancellationToken) =>
        {
            TenantDescription tenant = await client.Tenants.CreateAsync(new CreateTenantRequest(parsed.GetRequiredValue(id), limits.Read(parsed)), cancellationToken).ConfigureAwait(false);
            output.Write(tenant, $"{tenant.Id} is made.");
        });
        return command;
    }

    private static Command List(CliSettings settings)
    {
        var command = new Command("list", "List tenants with what they use.");
        command.Runs(settings, async (client, output, _, cancellationToken) =>
        {
            List<TenantDescription> all = [];
            string? cursor = null;
            do
            {
                Page<TenantDescription> page = await client.Tenants.ListAsync(null, cursor, cancellationToken).ConfigureAwait(false);
                all.AddRange(page.Items);
                cursor = page.NextCursor;
            }
            while (cursor is not null);
            output.WriteTable(all, ["id", "memories", "bytes", "created", "suspended", "limits of its own"], t =>
                [t.Id, Number(t.Memories), Number(t.Bytes), Time(t.CreatedAt), Time(t.SuspendedAt), LimitOptions.Describe(t.Limits)]);
        });
        return command;
    }

    private static Command Get(CliSettings settings)
    {
        Argument<string> id = Id();
        var command = new Command("get", "Show a tenant and what it uses.") { id };
        command.Runs(settings, async (client, output, parsed, cancellationToken) =>
        {
            TenantDescription tenant = await client.Tenants.GetAsync(parsed.GetRequiredValue(id), cancellationToken).ConfigureAwait(false);
            output.Write(tenant, Line(tenant));
        });
        return command;
    }

    private static Command Limit(CliSettings settings)
    {
        Argument<string> id = Id();
        var limits = new LimitOptions();
        var command = new Command("limit", "Replace all limits of a tenant; what is not said is as for everybody, 0 = without limit.") { id };
        limits.AddTo(command);
        command.Runs(settings, async (client, output, parsed, cancellationToken) =>
        {
            var change = new UpdateTenantRequest(Limits: limits.Read(parsed));
            TenantDescription tenant = await client.Tenants.UpdateAsync(parsed.GetRequiredValue(id), change, cancellationToken).ConfigureAwait(false);
            output.Write(tenant, Line(tenant));
        });
        return command;
    }

    private static Command Suspend(CliSettings settings, string verb, string what, bool suspended)
    {
        Argument<string> id = Id();
        var command = new Command(verb, what) { id };
        command.Runs(settings, async (client, output, parsed, cancellationToken) =>
        {
            TenantDescription tenant = await client.Tenants.UpdateAsync(parsed.GetRequiredValue(id), new UpdateTenantRequest(suspended), cancellationToken).ConfigureAwait(false);
            output.Write(tenant, Line(tenant));
        });
        return command;
    }

    private static Command Delete(CliSettings settings)
    {
        Argument<string> id = Id();
        var command = new Command("delete", "Take away a tenant without memories, and its keys.") { id };
        command.Runs(settings, async (client, output, parsed, cancellationToken) =>
        {
            string tenant = parsed.GetRequiredValue(id);
            await client.Tenants.DeleteAsync(tenant, cancellationToken).ConfigureAwait(false);
            output.Write(new { id = tenant, deleted = true }, $"{tenant} is gone.");
        });
        return command;
    }

    private static Argument<string> Id() => new("tenant") { Description = "The tenant's id." };

    private static string Line(TenantDescription t) =>
        $"{t.Id}: {Number(t.Memories)} memories, {Number(t.Bytes)} bytes; limits of its own: {LimitOptions.Describe(t.Limits)}{(t.SuspendedAt is { } since ? $"; suspended since {Time(since)}" : string.Empty)}";

    private static string Number(long value) => value.ToString("N0", CultureInfo.InvariantCulture);

    private static string Time(DateTimeOffset? time) => time is { } known ? AnswerWriter.Time(known) : string.Empty;
}
