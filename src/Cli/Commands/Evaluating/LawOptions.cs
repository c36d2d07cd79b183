using System.CommandLine;
using LatentDb.Cli.Evaluation.Reports;

namespace LatentDb.Cli.Commands.Evaluating;

/// <summary>The sizes that the law of survival needs; the report leaves it out when they are not given.</summary>
internal sealed class LawOptions
{
    private readonly Option<int?> _rowsPerWrite = new("--rows-per-write") { Description = "K of the checkpoint: with --pool-rows the report draws (1 - K/N)^t.", HelpName = "K" };
    private readonly Option<int?> _poolRows = new("--pool-rows") { Description = "N of the checkpoint.", HelpName = "N" };

    public void AddTo(Command command)
    {
        command.Add(_rowsPerWrite);
        command.Add(_poolRows);
    }

    /// <exception cref="UsageException">One without the other, or no such sizes.</exception>
    public RetentionLaw? Read(ParseResult parsed)
    {
        int? rows = parsed.GetValue(_rowsPerWrite);
        int? pool = parsed.GetValue(_poolRows);
        if (rows is null && pool is null) return null;
        return rows is > 0 && pool > rows ? new RetentionLaw(rows.Value, pool.Value) : throw new UsageException("--rows-per-write and --pool-rows go together, the first smaller than the second.");
    }
}
