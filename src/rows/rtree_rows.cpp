#include "holdfast/rows/rtree_rows.h"

#include "holdfast/base/text.h"

namespace holdfast::rows {

using sqlite::quoted_name;

Result<RtreeRows> RtreeRows::of(Side& side, const Table* table) {
    RtreeRows rows(side.encoding());
    if (table == nullptr) return rows;
    const std::string name = quoted_name(table->name), ids = quoted_name(table->name + "_rowid");
    rows.statement_ = TRY(side.connection->prepare(format("SELECT ids.rowid, rows.* FROM {} AS ids CROSS JOIN {} AS rows ON rows.rowid = ids.rowid ORDER BY ids.rowid", ids, name)));
    return rows;
}

Result<void> RtreeRows::next() {
    row_.reset();
    if (!statement_ || !TRY(statement_->step())) return {};
    row_ = Row{.row_id = statement_->column_integer(0), .fields = {}};
    for (int i = 1; i < statement_->column_count(); ++i) row_->fields.push_back(field_of(*statement_, i, encoding_));
    return {};
}

}  // namespace holdfast::rows
