using System.CommandLine;
using LatentDb.Cli.Output;
using LatentDb.Cli.Settings;
using LatentDb.Client;

namespace LatentDb.Cli.Commands;

/// <summary>Runs a verb against the server and turns what can go wrong into one line and an exit code.</summary>
internal static class VerbRunner
{
    public static void Runs(this Command command, CliSettings settings, Verb verb) =>
        command.SetAction((parsed, cancellationToken) => RunAsync(settings, parsed, verb, cancellationToken));

    /// <summary>Runs something that may be refused or find nobody.</summary>
    public static async Task<int> GuardAsync(Func<Task<int>> work)
    {
        try
        {
            return await work().ConfigureAwait(false);
        }
        catch (ApiProblemException problem)
        {
            string wait = problem.RetryAfter is { } delay ? $" Try again in {Math.Ceiling(delay.TotalSeconds)} s." : string.Empty;
            return Fail(ExitCode.Refused, $"{problem.Code} ({problem.Problem.Status}): {problem.Message}{wait}");
        }
        catch (HttpRequestException error)
        {
            return Fail(ExitCode.Unreachable, $"The server cannot be reached: {error.Message}. Start it with 'serve', or name another with --server.");
        }
        catch (Exception error) when (error is EndOfStreamException or HttpIOException)
        {
            return Fail(ExitCode.Unreachable, error.Message);
        }
        catch (Exception error) when (error is UriFormatException or FileNotFoundException or DirectoryNotFoundException or UnauthorizedAccessException or UsageException)
        {
            return Fail(ExitCode.Usage, error.Message);
        }
        catch (ServerStartException error)
        {
            return Fail(ExitCode.Refused, error.Message);
        }
        catch (DeclinedException declined)
        {
            return Fail(ExitCode.Refused, declined.Message);
        }
    }

    private static Task<int> RunAsync(
        CliSettings settings, ParseResult parsed, Verb verb, CancellationToken cancellationToken) =>
        GuardAsync(async () =>
        {
            using HttpClient http = CliSettings.Connect(settings.Server(parsed));
            await verb(CliSettings.Over(http), new AnswerWriter(settings.IsJson(parsed)), parsed, cancellationToken).ConfigureAwait(false);
            return ExitCode.Ok;
        });

    private static int Fail(int exitCode, string message)
    {
        Console.Error.WriteLine($"latentdb: {message}");
        return exitCode;
    }
}

/// <summary>The command line asks for something that makes no sense.</summary>
internal sealed class UsageException(string message) : Exception(message);

/// <summary>The person at the terminal said no.</summary>
internal sealed class DeclinedException(string message) : Exception(message);
