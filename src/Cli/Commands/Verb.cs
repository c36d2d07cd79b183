using System.CommandLine;
using LatentDb.Cli.Output;
using LatentDb.Client;

namespace LatentDb.Cli.Commands;

/// <summary>What a verb does with a server.</summary>
internal delegate Task Verb(LatentDbClient client, AnswerWriter output, ParseResult parsed, CancellationToken cancellationToken);

/// <summary>Makes a command run a verb against a server.</summary>
internal delegate void RunVerb(Command command, Verb verb);
