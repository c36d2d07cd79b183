using System.CommandLine;
using System.Net;
using System.Text.Json;
using LatentDb.Cli.Output;
using LatentDb.Cli.Settings;
using LatentDb.Client;

namespace LatentDb.Cli.Commands;

/// <summary>Runs a verb against the server and turns what can go wrong into one line and an exit code.</summary>
internal static class VerbRunner
{
    public static void Runs(this Command command, CliSettings settings, Verb verb) =>
        command.SetAction((parsed, cancellationToken) => GuardAsync(settings.IsJson(parsed), async () =>
        {
            ServerTarget target = settings.Target(parsed);
            using HttpClient http = target.Connect();
            await verb(target.Over(http), new AnswerWriter(settings.IsJson(parsed)), parsed, cancellationToken).ConfigureAwait(false);
            return ExitCode.Ok;
        }));

    /// <summary>Runs what needs no server.</summary>
    public static void RunsHere(this Command command, CliSettings settings, Action<AnswerWriter, ParseResult> work) =>
        command.SetAction((parsed, _) => GuardAsync(settings.IsJson(parsed), () =>
        {
            work(new AnswerWriter(settings.IsJson(parsed)), parsed);
            return Task.FromResult(ExitCode.Ok);
        }));

    /// <summary>Runs something that may be refused or find nobody.</summary>
    public static async Task<int> GuardAsync(bool isJson, Func<Task<int>> work)
    {
        try
        {
            return await work().ConfigureAwait(false);
        }
        catch (ApiProblemException problem)
        {
            return new Failure(isJson).Say(problem);
        }
        catch (Exception error) when (Explain(error) is { } known)
        {
            return new Failure(isJson).Say(known.ExitCode, known.Code, known.Message);
        }
    }

    /// <summary>What is not the program's fault; null for a defect, which keeps its stack trace.</summary>
    private static Known? Explain(Exception error) => error switch
    {
        HttpRequestException { InnerException: JsonException } => Foreign(error),
        HttpRequestException => new(ExitCode.Unreachable, "unreachable", $"The server cannot be reached: {error.Message}. Start it with 'latentdb serve', or name another with --server."),
        EndOfStreamException or HttpIOException => new(ExitCode.Unreachable, "connection_broken", error.Message),
        TaskCanceledException { InnerException: TimeoutException } => new(ExitCode.Unreachable, "timeout", "The server did not answer in time."),
        OperationCanceledException => new(ExitCode.Interrupted, "interrupted", "Interrupted. What the server has acknowledged is written; the rest is not."),
        JsonException => Foreign(error),
        UriFormatException or FileNotFoundException or DirectoryNotFoundException or UnauthorizedAccessException or UsageException => new(ExitCode.Usage, "usage", error.Message),
        ServerStartException or DeclinedException => new(ExitCode.Refused, "refused", error.Message),
        IOException => new(ExitCode.Refused, "io_error", error.Message),
        _ => null,
    };

    private static Known Foreign(Exception error) => new(ExitCode.Unreachable, "foreign_answer", $"What answers there is no LatentDB server of this version: {error.Message}");

    private sealed record Known(int ExitCode, string Code, string Message);

    /// <summary>The line on standard error.</summary>
    private readonly struct Failure(bool isJson)
    {
        public int Say(ApiProblemException problem)
        {
            // A quota that is used up is 403 as well, but no question of who asks.
            bool isAboutKey = problem.Status == HttpStatusCode.Unauthorized || (problem.Status == HttpStatusCode.Forbidden && problem.Code != "quota_exceeded");
            int exitCode = isAboutKey ? ExitCode.NotAllowed : ExitCode.Refused;
            double? wait = problem.RetryAfter is { } delay ? Math.Ceiling(delay.TotalSeconds) : null;
            if (isJson)
            {
                AnswerWriter.WriteError(new { problem.Code, problem.Problem.Status, problem.Message, problem.Problem.Remedy, problem.Problem.RequestId, RetryAfterSeconds = wait, exitCode });
                return exitCode;
            }

            string patience = wait is null ? string.Empty : $" Try again in {wait} s.";
            string hint = problem.Status == HttpStatusCode.Unauthorized ? " Give a key by $LATENTDB_API_KEY, --key-file or 'latentdb config set api_key'." : string.Empty;
            return Say(exitCode, $"{problem.Code} ({problem.Problem.Status})", $"{problem.Message}{patience}{hint}", isRefusal: true);
        }

        public int Say(int exitCode, string code, string message, bool isRefusal = false)
        {
            if (isJson) AnswerWriter.WriteError(new { code, message, exitCode });
            else Console.Error.WriteLine(isRefusal ? $"latentdb: {code}: {message}" : $"latentdb: {message}");
            return exitCode;
        }
    }
}

/// <summary>The person at the terminal said no.</summary>
internal sealed class DeclinedException(string message) : Exception(message);
